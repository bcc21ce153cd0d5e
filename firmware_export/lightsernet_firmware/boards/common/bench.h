/* The utterance that is measured; the build may say otherwise. */
#ifndef BENCH_H
#define BENCH_H

#ifndef BENCH_ROWS
#define BENCH_ROWS 184u
#endif
#ifndef BENCH_SAMPLES
#define BENCH_SAMPLES 48000u
#endif

#endif
