# cmake -DSCHEMA_DIR=dir -DCOMPONENT=name -DSYMBOL=c_name -DOUTPUT=file.c -P embed.cmake
# Writes the migrations NNNN_name.sql as a struct migration_set in their order.
#
# A line `-- @like 0001_cart_events.sql for payment locking 2` stands for all of that file above its grants,
# with cart_ replaced by payment_ and the advisory locks' class 1 by 2: the categories' tables and
# functions are written down once.
function(expand_likes text result)
    if(text MATCHES "-- @like ([0-9a-z_.]+) for ([a-z]+) locking ([0-9]+)\n")
        set(line "${CMAKE_MATCH_0}")
        set(category "${CMAKE_MATCH_2}")
        set(class "${CMAKE_MATCH_3}")
        file(READ ${SCHEMA_DIR}/${CMAKE_MATCH_1} like)
        string(FIND "${like}" "\nGRANT " grants)
        string(SUBSTRING "${like}" 0 ${grants} like)
        string(REPLACE "cart_" "${category}_" like "${like}")
        string(REPLACE "xact_lock(1, " "xact_lock(${class}, " like "${like}")
        string(REPLACE "${line}" "${like}\n" text "${text}")
    endif()
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

file(GLOB files ${SCHEMA_DIR}/[0-9][0-9][0-9][0-9]_*.sql)
list(SORT files)
set(rows "")
set(texts "")
foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(SUBSTRING ${name} 0 4 number)
    math(EXPR number "1${number} - 10000")
    file(READ ${file} text)
    expand_likes("${text}" text)
    string(HEX "${text}" bytes)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND texts "static const char sql_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {${number}, \"${name}\", sql_${number}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"eventstore/migrations.h\"\n\n${texts}
static const struct migration migrations[] = {\n${rows}};
extern const struct migration_set ${SYMBOL};
const struct migration_set ${SYMBOL} = {
    \"${COMPONENT}\", migrations, sizeof(migrations) / sizeof(migrations[0])};\n")
