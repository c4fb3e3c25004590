# cmake -DFOLDER=templates -DOUTPUT=file.c -P embed.cmake
# Writes a C file with the table `builtin_templates` of all files below FOLDER.
file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*/*)
list(SORT files)
set(rows "")
set(texts "")
set(number 0)
foreach(file IN LISTS files)
    file(READ ${FOLDER}/${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND texts "static const char file_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${file}\", file_${number}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"notifier/templates.h\"\n\n${texts}\n"
     "const struct template_file builtin_templates[] = {\n${rows}    {0},\n};\n")
