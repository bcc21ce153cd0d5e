/* Length of the utterance that is measured; a build may define another. */
#ifndef BENCH_H
#define BENCH_H

#ifndef BENCH_ROWS
#define BENCH_ROWS 184u
#endif
#ifndef BENCH_SAMPLES
#define BENCH_SAMPLES 48000u
#endif

#endif
