/* How a process with Kafka clients ends.
 * Owner: lib/io. Thread: any.
 */
#ifndef CARTWRIGHT_IO_KAFKA_END_H
#define CARTWRIGHT_IO_KAFKA_END_H

/** The last line of main(): returns code, or, when a client that was closed still hangs on a thread
 * of its own, ends the process with it at once. exit() would take away the libraries' data from
 * under that thread. */
int kafka_end_process(int code);

#endif
