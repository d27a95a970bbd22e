# Helpers that turn folders ("rooms") into targets.

# out = every .cpp below the given folders of the source tree; new files are found at the next build.
function(tenfold_sources out)
  set(found "")
  foreach(room IN LISTS ARGN)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${room}/*.cpp")
    list(APPEND found ${files})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# Files named NAME_avx2.cpp, NAME_avx512.cpp, NAME_vnni.cpp, NAME_bf16.cpp or NAME_amx.cpp are compiled
# for that instruction set. They must include no header with inline functions that others share (the
# linker keeps one copy, perhaps theirs), and are called only after a look at the processor. They and
# their baseline, NAME.cpp, do mathematics without errno and traps, as loops of vectors need.
function(tenfold_instruction_sets)
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    return()
  endif()
  set(avx2 -mavx2 -mfma -mf16c -mbmi2)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
  set(vnni ${avx512} -mavx512vnni)
  set(bf16 ${vnni} -mavx512bf16)
  set(amx ${bf16} -mamx-tile -mamx-int8 -mamx-bf16)
  set(loops -O3 -fno-math-errno -fno-trapping-math)
  foreach(file IN LISTS ARGN)
    string(REGEX REPLACE "\\.cpp$" "_avx2.cpp" sibling "${file}")
    if(file MATCHES "_(avx2|avx512|vnni|bf16|amx)\\.cpp$")
      set_property(SOURCE "${file}" PROPERTY SKIP_PRECOMPILE_HEADERS ON)
      set_property(SOURCE "${file}" APPEND PROPERTY COMPILE_OPTIONS ${loops} ${${CMAKE_MATCH_1}})
    elseif(EXISTS "${sibling}")
      set_property(SOURCE "${file}" PROPERTY SKIP_PRECOMPILE_HEADERS ON)
      set_property(SOURCE "${file}" APPEND PROPERTY COMPILE_OPTIONS ${loops})
    endif()
  endforeach()
endfunction()

# With TENFOLD_PCH: the headers of every source of the target, compiled once. Each source still says
# what it includes, which builds without the option see.
function(tenfold_precompile target)
  if(TENFOLD_PCH)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <atomic> <chrono> <cmath> <cstdint>
      <cstring> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <optional> <random>
      <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <variant> <vector>
      "${PROJECT_SOURCE_DIR}/include/tenfold/engine.h" ${ARGN})
  endif()
endfunction()

# out = the C++ files that protoc makes of every .proto below room. Paths start at the repository's
# root, in imports, in #include lines and in protobuf's registry alike ("src/import/caffe/caffe.proto"):
# so no file name meets that of a framework linked into the same program.
function(tenfold_protos out room)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
    "${PROJECT_SOURCE_DIR}/${room}/*.proto")
  set(generated "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${generated}")
  set(made "")
  foreach(proto IN LISTS protos)
    string(REGEX REPLACE "\\.proto$" ".pb" base "${generated}/${proto}")
    add_custom_command(OUTPUT "${base}.cc" "${base}.h"
      COMMAND protobuf::protoc -I "${PROJECT_SOURCE_DIR}" "--cpp_out=${generated}" "${proto}"
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
      DEPENDS ${protos} COMMENT "protoc ${proto}" VERBATIM)
    set_source_files_properties("${base}.cc" PROPERTIES COMPILE_OPTIONS "-w;${TENFOLD_COLD_OPTIONS}"
      SKIP_PRECOMPILE_HEADERS ON)
    list(APPEND made "${base}.cc" "${base}.h")
  endforeach()
  set(${out} ${made} PARENT_SCOPE)
endfunction()

# out = the C++ file that holds the CUDA device texts (backends/cuda/kernels/device_texts.h).
function(tenfold_device_texts out)
  set(root "${PROJECT_SOURCE_DIR}/backends/cuda")
  set(cpp "${PROJECT_BINARY_DIR}/generated/device_texts.cpp")
  file(GLOB texts CONFIGURE_DEPENDS
    "${root}/commands/*.cu"
    "${root}/kernels/*.cu" "${root}/kernels/*.cuh" "${root}/gen/*.cu" "${root}/gen/*.cuh")
  # The list itself is a dependency: a removed file leaves the table too.
  set(listing "${PROJECT_BINARY_DIR}/generated/device_texts.txt")
  file(CONFIGURE OUTPUT "${listing}" CONTENT "${texts}\n" @ONLY)
  add_custom_command(OUTPUT "${cpp}"
    COMMAND "${CMAKE_COMMAND}" "-DROOT=${root}" "-DOUTPUT=${cpp}"
      -P "${PROJECT_SOURCE_DIR}/cmake/embed_texts.cmake"
    DEPENDS ${texts} "${listing}" "${PROJECT_SOURCE_DIR}/cmake/embed_texts.cmake"
    COMMENT "Embedding CUDA device texts" VERBATIM)
  set(${out} "${cpp}" PARENT_SCOPE)
endfunction()
