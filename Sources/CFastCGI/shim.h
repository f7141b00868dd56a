#pragma once

#include <fcgiapp.h>

/// The descriptor of the connection that a request came on; negative when there is none.
static inline int postern_fcgi_connection(const FCGX_Request *request) { return request->ipcFd; }

/// Tells libfcgi to close the connection once the present request is answered.
static inline void postern_fcgi_close_after(FCGX_Request *request) { request->keepConnection = 0; }

/// The same, and at once: without shutdown(2) and a wait for the other side to close first.
static inline void postern_fcgi_close_at_once(FCGX_Request *request) {
    request->keepConnection = 0;
    request->detached = 1;
}

#include <signal.h>

static inline void postern_fcgi_ignore(int signal) { (void)signal; }

/// Undoes the handlers that FCGX_Init installs for SIGPIPE, SIGTERM and SIGUSR1. SIGUSR1 then does nothing but
/// interrupt a blocking call (no SA_RESTART), which is how a draining server leaves accept(2).
static inline void postern_fcgi_take_signals_back(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    struct sigaction interrupt = {0};
    interrupt.sa_handler = postern_fcgi_ignore;
    sigemptyset(&interrupt.sa_mask);
    sigaction(SIGUSR1, &interrupt, 0);
}

/// Lets SIGUSR1 reach the calling thread, whatever mask it inherited.
static inline void postern_fcgi_unblock_interrupt(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, 0);
}
