/* The article's PID namespace program: a child that is PID 1 of its own tree. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[1024 * 1024];

static int in_child(void *unused)
{
    (void)unused;
    printf("Child's PID from child_function() from own namespace: %d\n", getpid());
    printf("Parent's PID from child_function() from own namespace: %d\n", getppid());
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    pid_t child = clone(in_child, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, NULL);

    printf("PID for %s process = %d\n", argv[0], getpid());
    printf("Child process created by clone() from %s have PID = %d\n", argv[0], child);
    waitpid(child, NULL, 0);
    return 0;
}
