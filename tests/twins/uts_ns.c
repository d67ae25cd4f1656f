/*
 * The article's UTS program: a child with a hostname of its own.
 *
 * The article sleeps twice, for the order of the lines and for its reader's
 * experiments. Both are left out: a second of sleep would beat every rival.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (1024 * 1024)

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int in_child(void *name)
{
    struct utsname uts;

    if (sethostname(name, strlen(name)) == -1)
        fail("sethostname");
    if (uname(&uts) == -1)
        fail("uname");
    printf("uts.nodename in child:  %s\n", uts.nodename);
    return 0;
}

int main(int argc, char **argv)
{
    struct utsname uts;

    if (argc < 2) {
        fprintf(stderr, "Usage: %s NAME\n", argv[0]);
        return EXIT_FAILURE;
    }
    char *stack = malloc(STACK_SIZE);
    if (stack == NULL)
        fail("malloc");
    pid_t child = clone(in_child, stack + STACK_SIZE, CLONE_NEWUTS | SIGCHLD, argv[1]);
    if (child == -1)
        fail("clone");
    printf("PID of child created by clone() is %ld\n", (long)child);

    if (uname(&uts) == -1)
        fail("uname");
    printf("uts.nodename in parent: %s\n", uts.nodename);
    if (waitpid(child, NULL, 0) == -1)
        fail("waitpid");
    return 0;
}
