# The command, and the libraries that let programs written for TensorRT run on Tenfold.

# ---- clients/cli: the command `tenfold` -----------------------------------------------------------
tenfold_sources(sources clients/cli)
if(sources AND TARGET tenfold)
  tenfold_require("the command" CLI11 nlohmann_json fmt)
  add_executable(tenfold-cli ${sources})
  set_target_properties(tenfold-cli PROPERTIES OUTPUT_NAME tenfold)
  target_include_directories(tenfold-cli PRIVATE ${PROJECT_SOURCE_DIR}/clients/cli)
  add_dependencies(tenfold-cli tenfold-compile)
  target_link_libraries(tenfold-cli PRIVATE tenfold CLI11::CLI11 nlohmann_json::nlohmann_json
    fmt::fmt)
  target_compile_options(tenfold-cli PRIVATE ${TENFOLD_COLD_OPTIONS})
  tenfold_precompile(tenfold-cli <CLI/CLI.hpp> <fmt/format.h> <nlohmann/json.hpp>)
endif()

# A shared library that carries the static libraries inside and shows only the symbols of the list
# clients/FOLDER/exports.map: what it has of the standard library's never meets a program's.
function(tenfold_shared_library name folder)
  set(exports "${PROJECT_SOURCE_DIR}/clients/${folder}/exports.map")
  add_library(${name} SHARED ${ARGN})
  target_link_options(${name} PRIVATE "-Wl,--version-script=${exports}")
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${exports}")
endfunction()

# ---- clients/cuda_host: the CUDA calls that such programs make, on the CPU -------------------------
tenfold_sources(sources clients/cuda_host)
if(sources)
  tenfold_shared_library(tenfold_cuda_host cuda_host ${sources})
  target_include_directories(tenfold_cuda_host
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/clients/cuda_host/include>
      $<INSTALL_INTERFACE:include/tenfold-cuda-host>
    PRIVATE ${PROJECT_SOURCE_DIR}/clients/cuda_host)
  target_link_libraries(tenfold_cuda_host PRIVATE tenfold-runtime Threads::Threads)
endif()

# ---- clients/tensorrt: NvInfer.h and its kin ------------------------------------------------------
# All sources are compiled once; those below cuda/ go only into the library for real CUDA, those below
# cpu/ only into the one that runs on clients/cuda_host.
tenfold_sources(sources clients/tensorrt)
if(sources AND TARGET tenfold)
  set(cpu_only ${sources})
  set(cuda_only ${sources})
  list(FILTER cpu_only INCLUDE REGEX "/clients/tensorrt/cpu/")
  list(FILTER cuda_only INCLUDE REGEX "/clients/tensorrt/cuda/")
  list(FILTER sources EXCLUDE REGEX "/clients/tensorrt/(cpu|cuda)/")
  set(here "${PROJECT_SOURCE_DIR}/clients/tensorrt")
  set(cuda_types "${PROJECT_SOURCE_DIR}/clients/cuda_host/include")  # the same ABI as real CUDA's
  add_library(tenfold-tensorrt-common OBJECT ${sources})
  target_include_directories(tenfold-tensorrt-common PRIVATE ${here} ${here}/include ${cuda_types})
  target_link_libraries(tenfold-tensorrt-common PRIVATE tenfold)
  target_compile_options(tenfold-tensorrt-common PRIVATE ${TENFOLD_COLD_OPTIONS})
  if(TENFOLD_SANITIZE MATCHES "undefined")
    # Programs hand over null references, and are to be told so.
    target_compile_options(tenfold-tensorrt-common PRIVATE -fno-sanitize=null)
  endif()
  tenfold_precompile(tenfold-tensorrt-common)

  foreach(variant tenfold_tensorrt tenfold_tensorrt_cpu)
    set(own ${cuda_only})
    if(variant MATCHES "cpu$")
      set(own ${cpu_only})
    endif()
    tenfold_shared_library(${variant} tensorrt $<TARGET_OBJECTS:tenfold-tensorrt-common> ${own})
    set_target_properties(${variant} PROPERTIES LINKER_LANGUAGE CXX)
    target_include_directories(${variant}
      PUBLIC $<BUILD_INTERFACE:${here}/include> $<INSTALL_INTERFACE:include/tenfold-tensorrt>
      PRIVATE ${here} ${cuda_types})
    target_link_libraries(${variant} PRIVATE tenfold)
  endforeach()
  if(TARGET tenfold_cuda_host)
    target_link_libraries(tenfold_tensorrt_cpu PUBLIC tenfold_cuda_host)
  endif()
endif()

# ---- every other client with a build of its own ---------------------------------------------------
file(GLOB builds CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/clients/*/CMakeLists.txt")
foreach(build IN LISTS builds)
  cmake_path(GET build PARENT_PATH folder)
  cmake_path(GET folder FILENAME name)
  add_subdirectory("${folder}" "${PROJECT_BINARY_DIR}/clients/${name}")
endforeach()
