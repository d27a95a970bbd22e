# Install rules, the CMake package and the pkg-config files.
if(NOT DEFINED CMAKE_INSTALL_LIBDIR)
  set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Folder of the libraries below the prefix")
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tenfold")

# ---- libraries, headers, the command --------------------------------------------------------------
install(TARGETS tenfold-runtime EXPORT tenfold-runtime-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
set_target_properties(tenfold-runtime PROPERTIES EXPORT_NAME runtime)
install(DIRECTORY include/tenfold DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE NOTICE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(TARGET tenfold)
  install(TARGETS tenfold EXPORT tenfold-compiler-targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
set_target_properties(tenfold-compile PROPERTIES
  INSTALL_RPATH "$ORIGIN/../../${CMAKE_INSTALL_LIBDIR}/tenfold")
install(TARGETS tenfold-compile RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/tenfold")
if(TARGET tenfold-cli)
  set_target_properties(tenfold-cli PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/tenfold")
  install(TARGETS tenfold-cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
set(headers_tenfold_cuda_host cuda_host tenfold-cuda-host)
set(headers_tenfold_tensorrt tensorrt tenfold-tensorrt)
foreach(name tenfold_cuda_host tenfold_tensorrt tenfold_tensorrt_cpu)
  if(TARGET ${name})
    set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN:$ORIGIN/tenfold")
    install(TARGETS ${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    if(DEFINED headers_${name})
      list(GET headers_${name} 0 folder)
      list(GET headers_${name} 1 installed)
      install(DIRECTORY clients/${folder}/include/
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${installed}" FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
    endif()
  endif()
endforeach()

# ---- oneDNN: goes along when it is not the system's -----------------------------------------------
set(pc_dnnl "")
if(TENFOLD_WITH_ONEDNN)
  set(pc_dnnl "-ldnnl")
endif()
if(TENFOLD_BUNDLED_DNNL)
  get_target_property(soname DNNL::dnnl IMPORTED_SONAME_RELEASE)
  set(bundle "${CMAKE_INSTALL_LIBDIR}/tenfold")
  install(FILES "${TENFOLD_BUNDLED_DNNL}" DESTINATION "${bundle}" RENAME "${soname}")
  install(CODE "file(CREATE_LINK \"${soname}\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${bundle}/libdnnl.so\" SYMBOLIC)")
  cmake_path(GET dnnl_DIR PARENT_PATH up)
  cmake_path(SET notices NORMALIZE "${up}/../../share/doc/onednn")
  if(EXISTS "${notices}/LICENSE")
    install(DIRECTORY "${notices}/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/onednn")
  endif()
  set(pc_dnnl "-L\${libdir}/tenfold -Wl,-rpath,\${libdir}/tenfold -ldnnl")
endif()

# ---- find_package(tenfold) ------------------------------------------------------------------------
install(EXPORT tenfold-runtime-targets NAMESPACE tenfold:: DESTINATION "${package_dir}")
if(TARGET tenfold)
  install(EXPORT tenfold-compiler-targets NAMESPACE tenfold:: DESTINATION "${package_dir}")
endif()
set(config_openmp 0)
if(TARGET OpenMP::OpenMP_CXX)
  set(config_openmp 1)
endif()
configure_package_config_file(cmake/tenfoldConfig.cmake.in "${PROJECT_BINARY_DIR}/tenfoldConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tenfoldConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/tenfoldConfig.cmake"
  "${PROJECT_BINARY_DIR}/tenfoldConfigVersion.cmake" DESTINATION "${package_dir}")

# ---- pkg-config -----------------------------------------------------------------------------------
set(pc_openmp "")
if(TARGET OpenMP::OpenMP_CXX)
  set(pc_openmp "-lgomp")
endif()
# The prefix is found from the file's own place, so an installed tree can move.
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${pc_dir}"
  OUTPUT_VARIABLE pc_up)
function(tenfold_pkg_config name)
  cmake_parse_arguments(arg "" "DESCRIPTION;REQUIRES;CFLAGS;LIBS" "" ${ARGN})
  configure_file(cmake/package.pc.in "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${pc_dir}")
endfunction()
tenfold_pkg_config(tenfold-runtime DESCRIPTION "Loads and runs Tenfold plans"
  CFLAGS "-I\${includedir}"
  LIBS "-ltenfold-runtime ${pc_dnnl} -lxxhash -lzstd ${pc_openmp} -ldl -lpthread")
if(TARGET tenfold)
  tenfold_pkg_config(tenfold DESCRIPTION "Imports and compiles neural networks into Tenfold plans"
    REQUIRES tenfold-runtime CFLAGS "-I\${includedir}"
    LIBS "-ltenfold -lprotobuf -larchive -ljpeg -lpng -lz -lfmt")
endif()
if(TARGET tenfold_tensorrt)
  set(cflags "-I\${includedir}/tenfold-tensorrt")
  set(rpath "-Wl,-rpath,\${libdir}")
  tenfold_pkg_config(tenfold-tensorrt DESCRIPTION "TensorRT's C++ interface on Tenfold, with CUDA"
    CFLAGS "${cflags}" LIBS "-ltenfold_tensorrt ${rpath}")
  if(TARGET tenfold_cuda_host)
    tenfold_pkg_config(tenfold-tensorrt-cpu
      DESCRIPTION "TensorRT's C++ interface and the CUDA calls around it, on the CPU"
      CFLAGS "${cflags} -I\${includedir}/tenfold-cuda-host"
      LIBS "-ltenfold_tensorrt_cpu -ltenfold_cuda_host ${rpath}")
  endif()
endif()
