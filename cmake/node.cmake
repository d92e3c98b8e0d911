# Tests in Node.js: `npm ci` in tests/ comes first (`./test` does it).
find_program(NODE_EXECUTABLE NAMES node nodejs REQUIRED)

# stagedoor_node_tests(PREFIX LABEL … [SERIAL] [TIMEOUT seconds] [ENVIRONMENT NAME=VALUE…] [SUFFIX …] FILES name…): each
# name.test.mjs is a ctest of its own. SERIAL: alone on the machine, for tests that start a whole system or look at the clock.
# SUFFIX: of the names of tests that run once more, in another ENVIRONMENT (the services' options can be given there).
function(stagedoor_node_tests prefix)
    cmake_parse_arguments(T "SERIAL" "LABEL;TIMEOUT;SUFFIX" "FILES;ENVIRONMENT" ${ARGN})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 300)
    endif()
    foreach(name IN LISTS T_FILES)
        set(test ${prefix}_${name}${T_SUFFIX})
        add_test(NAME ${test}
            COMMAND ${NODE_EXECUTABLE} --test ${CMAKE_CURRENT_SOURCE_DIR}/${name}.test.mjs)
        set_tests_properties(${test} PROPERTIES
            LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT} ENVIRONMENT "STAGEDOOR_BUILD_DIR=${PROJECT_BINARY_DIR};${T_ENVIRONMENT}")
        if(T_SERIAL)
            set_tests_properties(${test} PROPERTIES RUN_SERIAL ON)
        endif()
    endforeach()
endfunction()
