/* view.lua as text, made by embed.cmake.
 * Owner: lib/views. Thread: any.
 */
#ifndef CARTWRIGHT_VIEWS_VIEW_LIBRARY_H
#define CARTWRIGHT_VIEWS_VIEW_LIBRARY_H

extern const char view_library_digest[];
extern const char view_library_text[];

#endif
