/*
 * Prints the peak memory of a command, in KiB, of the largest of its processes.
 *
 * A process inherits the peak of the one that it was before exec, so it takes a
 * program smaller than all that are measured to start them.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status;
    struct rusage usage;

    if (argc < 2)
        return 2;
    if (fork() == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (wait(&status) == -1 || status != 0)
        return 1;
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%ld\n", usage.ru_maxrss);
    return 0;
}
