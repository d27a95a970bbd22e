# Tests, by room (the first folder below tests/):
#   tests/<room>/**/*_test.cpp      -> executable test_<room>, ctest label <room>, names "<room>.Suite.Case"
#   tests/clients/<c>/**/*_test.cpp -> executable test_clients_<c>, label clients_<c>
#   *_slow_test.cpp                 -> executable test_slow, label slow       (left out under sanitizers)
#   *_gpu_test.cpp                  -> executable test_gpu, label gpu         (run where a GPU is)
#   tests/<room>/**/*_support.cpp   -> helpers of that room; tests/support/**/*.cpp: of all rooms
#   tests/clients/tensorrt/programs/NAME.cpp -> also program trt_NAME, on real CUDA, for test_gpu
#   tests/runtime/standalone/NAME.cpp -> program NAME, linked with tenfold-runtime alone
#   tests/lint/*.py, *.sh           -> run from the repository's root, label lint
#   tests/fuzz/fuzz_NAME.cpp        -> libFuzzer target fuzz_NAME (preset fuzz), corpus tests/fuzz/corpus/NAME
set(tests "${PROJECT_SOURCE_DIR}/tests")
cmake_path(SET shared NORMALIZE "${PROJECT_SOURCE_DIR}/../shared")
add_library(tenfold-test-settings INTERFACE)
target_include_directories(tenfold-test-settings INTERFACE ${PROJECT_SOURCE_DIR} ${tests}
  ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(tenfold-test-settings INTERFACE
  TENFOLD_TEST_DATA="${tests}"
  TENFOLD_SHARED_DIR="${shared}"
  TENFOLD_EXAMPLES_DIR="${PROJECT_SOURCE_DIR}/examples"
  TENFOLD_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
  TENFOLD_CXX="${CMAKE_CXX_COMPILER}"
  TENFOLD_WITH_ONEDNN=${TENFOLD_WITH_ONEDNN})
set(library tenfold-runtime)
if(TARGET tenfold)
  set(library tenfold)
endif()

# ---- libFuzzer targets ----------------------------------------------------------------------------
if(TENFOLD_FUZZ)
  file(GLOB fuzzers CONFIGURE_DEPENDS "${tests}/fuzz/fuzz_*.cpp")
  file(GLOB_RECURSE support CONFIGURE_DEPENDS "${tests}/fuzz/*_support.cpp")
  foreach(source IN LISTS fuzzers)
    cmake_path(GET source STEM name)
    add_executable(${name} ${source} ${support})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ${library} tenfold-test-settings)
  endforeach()
endif()

# ---- benchmarks of single pieces ------------------------------------------------------------------
if(TENFOLD_BENCH)
  find_package(benchmark REQUIRED)
  file(GLOB_RECURSE benches CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*_bench.cpp")
  if(benches)
    add_executable(tenfold-bench ${benches})
    target_link_libraries(tenfold-bench PRIVATE ${library} tenfold-test-settings
      benchmark::benchmark_main)
  endif()
endif()
if(NOT TENFOLD_TESTS)
  return()
endif()

# ---- lint -----------------------------------------------------------------------------------------
find_package(Python3 COMPONENTS Interpreter QUIET)
file(GLOB lints CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${tests}/lint/*.py"
  "${tests}/lint/*.sh")
foreach(lint IN LISTS lints)
  cmake_path(GET lint STEM name)
  set(interpreter bash)
  if(lint MATCHES "\\.py$")
    set(interpreter "${Python3_EXECUTABLE}")
  endif()
  if(interpreter)
    add_test(NAME lint.${name} COMMAND ${interpreter} ${lint}
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(lint.${name} PROPERTIES LABELS lint SKIP_RETURN_CODE 77
      ENVIRONMENT "TENFOLD_BUILD_DIR=${PROJECT_BINARY_DIR}")
  else()
    message(WARNING "python3 not found: ${lint} is left out")
  endif()
endforeach()

# ---- GoogleTest -----------------------------------------------------------------------------------
find_package(GTest QUIET)
if(NOT GTest_FOUND)
  message(WARNING "GoogleTest not found: no tests are built (scripts/setup installs it)")
  return()
endif()
include(GoogleTest)

file(GLOB_RECURSE support CONFIGURE_DEPENDS "${tests}/support/*.cpp")
if(support)
  add_library(tenfold-test-support STATIC ${support})
  target_link_libraries(tenfold-test-support PUBLIC ${library} tenfold-test-settings GTest::gtest)
endif()

# One executable test_<room> of the given sources; links LIBRARIES in place of the static libraries.
function(tenfold_test room)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  set(target test_${room})
  add_executable(${target} ${arg_SOURCES})
  if(NOT arg_LIBRARIES)
    set(arg_LIBRARIES ${library})
    if(TARGET tenfold-test-support)
      list(PREPEND arg_LIBRARIES tenfold-test-support)
    endif()
  endif()
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES} tenfold-test-settings
    GTest::gtest_main GTest::gmock)
  if(nlohmann_json_FOUND)
    target_link_libraries(${target} PRIVATE nlohmann_json::nlohmann_json)
  endif()
  get_property(headers GLOBAL PROPERTY tenfold_test_headers)
  if(TENFOLD_PCH AND headers)
    target_precompile_headers(${target} REUSE_FROM ${headers})
  else()
    tenfold_precompile(${target} <gtest/gtest.h> <fmt/format.h>)
    set_property(GLOBAL PROPERTY tenfold_test_headers ${target})
  endif()
  # Passive waiting: tests share the cores, and spinning threads would slow each other manifold.
  gtest_discover_tests(${target} NO_PRETTY_VALUES TEST_PREFIX "${room}." DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60 WORKING_DIRECTORY "${PROJECT_BINARY_DIR}"
    PROPERTIES LABELS ${room} ENVIRONMENT OMP_WAIT_POLICY=PASSIVE TIMEOUT 600)
endfunction()

# Our declarations of vendor libraries are compared with the real headers where these are installed.
find_path(TENFOLD_CUDNN_HEADERS cudnn_graph.h PATHS /usr/local/cuda/include "$ENV{CUDA_PATH}/include")
find_path(TENFOLD_CUBLASLT_HEADERS cublasLt.h PATHS /usr/local/cuda/include "$ENV{CUDA_PATH}/include")
mark_as_advanced(TENFOLD_CUDNN_HEADERS TENFOLD_CUBLASLT_HEADERS)
foreach(folder IN ITEMS "${TENFOLD_CUDNN_HEADERS}" "${TENFOLD_CUBLASLT_HEADERS}")
  if(folder)
    set_property(SOURCE "${tests}/cuda/vendor_headers_test.cpp" APPEND PROPERTY COMPILE_OPTIONS
      "-idirafter${folder}")
  endif()
endforeach()

file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${tests}" "${tests}/*_test.cpp"
  "${tests}/*_support.cpp")
list(FILTER sources EXCLUDE REGEX "^(support|fuzz)/")
set(rooms "")
foreach(source IN LISTS sources)
  if(source MATCHES "_(gpu|slow)_test\\.cpp$")
    set(room ${CMAKE_MATCH_1})
  elseif(source MATCHES "^clients/([^/]+)/")
    set(room clients_${CMAKE_MATCH_1})
  elseif(source MATCHES "^([^/]+)/")
    set(room ${CMAKE_MATCH_1})
  else()
    message(FATAL_ERROR "tests/${source}: tests live in a room, tests/<room>/")
  endif()
  list(APPEND rooms ${room})
  list(APPEND sources_${room} "${tests}/${source}")
endforeach()
list(REMOVE_DUPLICATES rooms)

foreach(room IN LISTS rooms)
  if(room STREQUAL "clients_tensorrt" AND TARGET tenfold_tensorrt_cpu)
    # Not also the static libraries: protobuf refuses one schema twice in a process.
    tenfold_test(${room} SOURCES ${sources_${room}} LIBRARIES tenfold_tensorrt_cpu)
    add_dependencies(test_${room} tenfold_tensorrt)  # it installs the tree
  elseif(room STREQUAL "clients_cuda_host" AND TARGET tenfold_cuda_host)
    tenfold_test(${room} SOURCES ${sources_${room}} LIBRARIES tenfold_cuda_host)
  else()
    if(room STREQUAL "clients_cli")  # what the command's tests cannot bring about from outside
      list(APPEND sources_${room} "${PROJECT_SOURCE_DIR}/clients/cli/differences.cpp")
    endif()
    tenfold_test(${room} SOURCES ${sources_${room}})
  endif()
  if(room MATCHES "^(cuda|gpu)$")
    add_dependencies(test_${room} tenfold-compile)  # in TENFOLD_BIN_DIR
  endif()
  if(TARGET tenfold-cli AND TARGET test_${room} AND room MATCHES "^(clients_|e2e|hostile|slow|gpu)")
    add_dependencies(test_${room} tenfold-cli)  # TENFOLD_BIN_DIR "/tenfold"
  endif()
endforeach()

# The rows once more with what older processors have, which plans for any x86-64-v2 fall back to.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  foreach(level IN ITEMS "x86-64-v2 SSE41" "x86-64-v3 AVX2")
    string(REPLACE " " ";" level "${level}")
    list(GET level 0 ours)
    list(GET level 1 vendors)
    add_test(NAME op.levels.${ours} COMMAND test_op --gtest_brief=1 --gtest_filter=Cases/*:Ranges/*)
    set_tests_properties(op.levels.${ours} PROPERTIES LABELS op TIMEOUT 600 ENVIRONMENT
      "TENFOLD_CPU_ISA=${ours};ONEDNN_MAX_CPU_ISA=${vendors};OMP_WAIT_POLICY=PASSIVE")
  endforeach()
endif()

# ---- programs written for TensorRT, on a real CUDA driver ------------------------------------------
# Those that touch no device memory themselves; with CUDA's calls made on the driver.
if(TARGET tenfold_tensorrt AND TARGET test_gpu)
  set(folder "${tests}/clients/tensorrt")
  add_library(cuda-on-driver STATIC ${folder}/cuda/cuda_on_driver.cpp)
  target_include_directories(cuda-on-driver
    PUBLIC ${PROJECT_SOURCE_DIR}/clients/cuda_host/include)
  target_link_libraries(cuda-on-driver PUBLIC Threads::Threads ${CMAKE_DL_LIBS})
  file(GLOB programs CONFIGURE_DEPENDS "${folder}/programs/*.cpp"
    "${PROJECT_SOURCE_DIR}/examples/tensorrt/*.cpp")
  list(FILTER programs EXCLUDE REGEX "/(plugin_[^/]*|many_parsers|wrong_usage|ends_early)\\.cpp$")
  foreach(program IN LISTS programs)
    cmake_path(GET program STEM name)
    add_executable(trt_${name} ${program})
    set_target_properties(trt_${name} PROPERTIES CXX_STANDARD 11)
    target_compile_options(trt_${name} PRIVATE -w)  # they are written as others write
    target_link_libraries(trt_${name} PRIVATE tenfold_tensorrt cuda-on-driver)
    add_dependencies(test_gpu trt_${name})
  endforeach()
endif()

# ---- programs that link the runtime and nothing else ----------------------------------------------
file(GLOB programs CONFIGURE_DEPENDS "${tests}/runtime/standalone/*.cpp")
foreach(program IN LISTS programs)
  cmake_path(GET program STEM name)
  add_executable(${name} ${program})
  target_link_libraries(${name} PRIVATE tenfold-runtime)
  if(TARGET test_runtime)
    add_dependencies(test_runtime ${name})
  endif()
endforeach()
