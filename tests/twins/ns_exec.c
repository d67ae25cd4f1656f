/* The article's ns_exec: join the namespace of a file, execute a program. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "%s NAMESPACE-FILE PROGRAM [ARGS]\n", argv[0]);
        return 1;
    }
    int namespace = open(argv[1], O_RDONLY);
    if (namespace == -1) {
        perror("open");
        return 1;
    }
    if (setns(namespace, 0) == -1) {
        perror("setns");
        return 1;
    }
    execvp(argv[2], &argv[2]);
    perror("execvp");
    return 1;
}
