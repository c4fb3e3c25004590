# cmake -DSCHEMA_DIR=dir -DOUTPUT=file.c -P embed.cmake
# Writes the migrations NNNN_name.sql as a table in their order.
file(GLOB files ${SCHEMA_DIR}/[0-9][0-9][0-9][0-9]_*.sql)
list(SORT files)
set(rows "")
set(texts "")
foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(SUBSTRING ${name} 0 4 number)
    math(EXPR number "1${number} - 10000")
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND texts "static const char sql_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {${number}, \"${name}\", sql_${number}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"eventstore/migrations.h\"\n\n${texts}
const struct migration migrations[] = {\n${rows}};
const int migration_count = sizeof(migrations) / sizeof(migrations[0]);\n")
