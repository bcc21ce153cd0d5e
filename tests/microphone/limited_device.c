/* A sound card that takes one rate only, and loses samples on command: preloaded
 * into a process, it stands between PortAudio and ALSA.
 *
 * ONLY_RATE=N       every PCM offers N Hz and nothing else, as a card's driver does.
 * OVERRUN_FILE=PATH when the file appears it is removed, and ALSA reports an overrun.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { STATE_XRUN = 4 };

static int overrun;

static void *alsa(const char *name)
{
    return dlsym(dlopen("libasound.so.2", RTLD_NOW), name);
}

int snd_pcm_hw_params_any(void *pcm, void *params)
{
    int (*any)(void *, void *) = alsa("snd_pcm_hw_params_any");
    int (*set_rate)(void *, void *, unsigned, int) = alsa("snd_pcm_hw_params_set_rate");
    const char *rate = getenv("ONLY_RATE");
    int status = any(pcm, params);
    int limited = status < 0 || rate == NULL ? 0 : set_rate(pcm, params, (unsigned)atoi(rate), 0);
    return limited < 0 ? limited : status;
}

long snd_pcm_avail_update(void *pcm)
{
    long (*avail_update)(void *) = alsa("snd_pcm_avail_update");
    const char *path = getenv("OVERRUN_FILE");
    if (path != NULL && unlink(path) == 0) {
        overrun = 1;
        return -EPIPE;
    }
    return avail_update(pcm);
}

int snd_pcm_status_get_state(const void *status)
{
    int (*get_state)(const void *) = alsa("snd_pcm_status_get_state");
    return overrun ? STATE_XRUN : get_state(status);
}

/* When the overrun began: PortAudio flags one that lies in the past of its own clock, which is
 * not the clock of ALSA's plugin for PulseAudio. */
void snd_pcm_status_get_trigger_tstamp(const void *status, struct timeval *time)
{
    void (*get_trigger)(const void *, struct timeval *) = alsa("snd_pcm_status_get_trigger_tstamp");
    get_trigger(status, time);
    if (overrun) {
        overrun = 0;
        time->tv_sec = 0;
        time->tv_usec = 0;
    }
}

/* Left to it, PortAudio would not start the device again, as it does one that maps its memory. */
int snd_pcm_recover(void *pcm, int error, int silent)
{
    (void)pcm;
    (void)silent;
    return error;
}
