find_package(Catch2 2.13 REQUIRED)
include(Catch)

# One compiled main for all C++ test programs.
add_library(stagedoor_catch_main STATIC ${PROJECT_SOURCE_DIR}/tests/support/catch_main.cpp)
target_link_libraries(stagedoor_catch_main PUBLIC Catch2::Catch2 stagedoor_options)

# stagedoor_tests(NAME SOURCES… LINK … LABEL …): one test program; each TEST_CASE is a ctest of its own.
function(stagedoor_tests name)
    cmake_parse_arguments(T "" "LABEL" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${T_SOURCES})
    target_link_libraries(${name} PRIVATE stagedoor_catch_main ${T_LINK})
    catch_discover_tests(${name} PROPERTIES LABELS "${T_LABEL}" TIMEOUT 120)
endfunction()
