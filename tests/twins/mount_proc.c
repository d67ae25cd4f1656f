/*
 * The article's tiny container, with a /proc of its own.
 *
 * The article executes /bin/bash for its reader. A benchmark has no reader, so
 * this one executes the program that it is given, as the lab can.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[1024 * 1024];

static int container(void *program)
{
    printf("Container pid: %d\n", getpid());
    sethostname("container", 10);
    system("mount -t proc proc /proc");
    execv(((char **)program)[0], program);
    printf("Something wrong!\n");
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    printf("Parent %d: start a container\n", getpid());
    pid_t child = clone(container, stack + sizeof stack,
                        CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, argv + 1);
    waitpid(child, NULL, 0);
    printf("Parent: container stopped!\n");
    return 0;
}
