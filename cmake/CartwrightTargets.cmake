# What every target of the project has in common, said once.
add_library(cartwright_options INTERFACE)
target_compile_options(cartwright_options INTERFACE
    -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wformat=2 -Wswitch-enum -Wpointer-arith -Wvla -Wundef
    -fno-omit-frame-pointer -fstack-protector-strong)
target_compile_definitions(cartwright_options INTERFACE
    _GNU_SOURCE CARTWRIGHT_VERSION="${PROJECT_VERSION}"
    $<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=2>)
target_include_directories(cartwright_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/lib)
target_link_options(cartwright_options INTERFACE -Wl,-z,relro,-z,now)
target_link_libraries(cartwright_options INTERFACE Threads::Threads)

# Assertions stay on in release builds: a bug stops the process, it does not go on with wrong data.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

if(CARTWRIGHT_SANITIZE)
    add_compile_options(-fsanitize=${CARTWRIGHT_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${CARTWRIGHT_SANITIZE})
endif()
if(CARTWRIGHT_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# cartwright_library(base SOURCES a.c b.c LINKS cartwright::proto): a static library of one layer.
function(cartwright_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_library(cartwright_${name} STATIC ${ARG_SOURCES})
    add_library(cartwright::${name} ALIAS cartwright_${name})
    target_link_libraries(cartwright_${name} PUBLIC cartwright_options ${ARG_LINKS})
endfunction()

# cartwright_daemon(cart-api SOURCES main.c LINKS cartwright::http): an executable, its pure and its
# effect files in a library beside it, so that unit tests link the same objects.
function(cartwright_daemon name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    string(REPLACE "-" "_" library ${name})
    cartwright_library(${library}_parts SOURCES ${ARG_SOURCES} LINKS ${ARG_LINKS})
    add_executable(${name} main.c)
    if(CARTWRIGHT_SANITIZE STREQUAL "thread")
        target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/sanitizers/c11_threads.c)
    endif()
    target_link_libraries(${name} PRIVATE cartwright::${library}_parts)
    # Allocating and freeing are a sixth of a consumer's work; a sanitizer brings its own (decision 0019).
    if(NOT CARTWRIGHT_SANITIZE)
        target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/lib/base/malloc_conf.c)
        target_link_options(${name} PRIVATE -Wl,--no-as-needed)
        target_link_libraries(${name} PRIVATE PkgConfig::JEMALLOC)
    endif()
endfunction()

# cartwright_embed(openapi_json openapi.json result): C source in ${result} that defines the file's bytes
# as `const char openapi_json[]`, NUL-terminated; the user declares it extern.
function(cartwright_embed symbol file result)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.embed.c)
    get_filename_component(file ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DSYMBOL=${symbol}
                -DOUTPUT=${output} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
        DEPENDS ${file} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
        VERBATIM)
    set(${result} ${output} PARENT_SCOPE)
endfunction()

# cartwright_migrations(billing billing_migrations result): C source in ${result} that defines
# `const struct migration_set billing_migrations` from the folder's schema/NNNN_name.sql.
function(cartwright_migrations component symbol result)
    set(folder ${CMAKE_CURRENT_SOURCE_DIR}/schema)
    set(embed ${CMAKE_SOURCE_DIR}/lib/eventstore/schema/embed.cmake)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    file(GLOB files CONFIGURE_DEPENDS ${folder}/[0-9]*_*.sql)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DSCHEMA_DIR=${folder} -DCOMPONENT=${component} -DSYMBOL=${symbol}
                -DOUTPUT=${output} -P ${embed}
        DEPENDS ${files} ${embed}
        VERBATIM)
    set(${result} ${output} PARENT_SCOPE)
endfunction()
