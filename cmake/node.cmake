# Tests in Node.js: `npm ci` in tests/ comes first (`./test` does it).
find_program(NODE_EXECUTABLE NAMES node nodejs REQUIRED)

# stagedoor_node_tests(PREFIX LABEL … [SERIAL] [TIMEOUT seconds] FILES name…): each name.test.mjs is a ctest of its own.
# SERIAL: alone on the machine, for tests that start a whole system or look at the clock.
function(stagedoor_node_tests prefix)
    cmake_parse_arguments(T "SERIAL" "LABEL;TIMEOUT" "FILES" ${ARGN})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 300)
    endif()
    foreach(name IN LISTS T_FILES)
        add_test(NAME ${prefix}_${name}
            COMMAND ${NODE_EXECUTABLE} --test ${CMAKE_CURRENT_SOURCE_DIR}/${name}.test.mjs)
        set_tests_properties(${prefix}_${name} PROPERTIES
            LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT} ENVIRONMENT "STAGEDOOR_BUILD_DIR=${PROJECT_BINARY_DIR}")
        if(T_SERIAL)
            set_tests_properties(${prefix}_${name} PROPERTIES RUN_SERIAL ON)
        endif()
    endforeach()
endfunction()
