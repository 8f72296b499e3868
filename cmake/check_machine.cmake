# Fails when a machine's archive asks for anything of the outside world: a clock, randomness, I/O, threads, the environment.
execute_process(COMMAND ${NM} --undefined-only --demangle ${ARCHIVE} OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "cannot read ${ARCHIVE}")
endif()
set(banned
    "std::chrono::_V2::(steady|system)_clock::now" "clock_gettime" "gettimeofday" "time" "localtime(_r)?" "gmtime(_r)?"
    "std::random_device::[^\n]*" "rand" "srand" "random" "getrandom" "getentropy" "arc4random"
    "socket" "connect" "accept4?" "bind" "listen" "send(to|msg)?" "recv(from|msg)?" "epoll_[a-z0-9]+" "poll" "select"
    "open(64)?" "fopen(64)?" "read" "write" "close" "unlink" "rename" "fork" "execv?[a-z]*" "kill" "system"
    "pthread_create" "std::thread::[^\n]*" "std::this_thread::[^\n]*" "nanosleep" "usleep" "sleep"
    "getenv" "setenv" "sqlite3_[a-z0-9_]+" "boost::asio::[^\n]*" "spdlog::[^\n]*")
foreach(ban IN LISTS banned)
    if(symbols MATCHES "\n +U (${ban})(@[^\n]*)?(\\([^\n]*)?\n")
        message(FATAL_ERROR "${ARCHIVE} uses ${CMAKE_MATCH_1}: a machine does no I/O and knows no clock, randomness, thread or "
            "environment. Hand the value in, or move the code to an adapter (see ARCHITECTURE.md).")
    endif()
endforeach()
