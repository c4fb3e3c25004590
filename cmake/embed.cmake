# cmake -DINPUT=file -DSYMBOL=name -DOUTPUT=file.c -P embed.cmake
# Writes a C file with the bytes of INPUT as `const char SYMBOL[]`, NUL-terminated.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE ${OUTPUT} "extern const char ${SYMBOL}[];\nconst char ${SYMBOL}[] = {${bytes}0};\n")
