# What every target of this project is compiled with.
add_library(stagedoor_options INTERFACE)
target_include_directories(stagedoor_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(stagedoor_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Wswitch-enum
    # Optimising, g++ 12 takes Asio's frame allocator and its deallocator for two, and sees coroutine frames half set.
    $<$<CONFIG:Release>:-Wno-mismatched-new-delete>
    $<$<CONFIG:Release>:-Wno-maybe-uninitialized>
    $<$<BOOL:${STAGEDOOR_WERROR}>:-Werror>)
target_link_libraries(stagedoor_options INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(stagedoor_options INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
    BOOST_ASIO_DISABLE_BOOST_COROUTINE
    STAGEDOOR_VERSION="${PROJECT_VERSION}")

if(STAGEDOOR_SANITIZE)
    target_compile_options(stagedoor_options INTERFACE -fsanitize=${STAGEDOOR_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(stagedoor_options INTERFACE -fsanitize=${STAGEDOOR_SANITIZE})
    target_compile_definitions(stagedoor_options INTERFACE _GLIBCXX_ASSERTIONS)
    if(STAGEDOOR_SANITIZE STREQUAL "thread")
        target_compile_definitions(stagedoor_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
        # gcc's -Wtsan says that atomic_thread_fence is not modelled; Asio's own fences are off above.
        target_compile_options(stagedoor_options INTERFACE -Wno-tsan)
    else()
        target_compile_definitions(stagedoor_options INTERFACE
            BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
    endif()
endif()

# stagedoor_room(NAME SOURCES… LINK …): a room is one static library, and what it links is what it may include.
function(stagedoor_room name)
    cmake_parse_arguments(ROOM "" "" "SOURCES;LINK" ${ARGN})
    add_library(stagedoor_${name} STATIC ${ROOM_SOURCES})
    target_link_libraries(stagedoor_${name} PUBLIC stagedoor_options ${ROOM_LINK})
endfunction()
