# cmake -DLUA=view.lua -DOUTPUT=file.c -P embed.cmake
# Writes the function library, its digest filled in, as text.
file(SHA256 ${LUA} digest)
file(READ ${LUA} text)
string(REPLACE "@DIGEST@" "${digest}" text "${text}")
set(filled "${OUTPUT}.lua")
file(WRITE ${filled} "${text}")
file(READ ${filled} bytes HEX)
file(REMOVE ${filled})
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"views/view_library.h\"\n
const char view_library_digest[] = \"${digest}\";
const char view_library_text[] = {${bytes}0};\n")
