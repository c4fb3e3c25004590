/* view.lua as text, made by embed.cmake.
 * Owner: denormalizer. Thread: any.
 */
#ifndef CARTWRIGHT_DENORMALIZER_VIEW_LIBRARY_H
#define CARTWRIGHT_DENORMALIZER_VIEW_LIBRARY_H

extern const char view_library_digest[];
extern const char view_library_text[];

#endif
