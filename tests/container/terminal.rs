//! A shell in a container on a terminal.

use crate::container::container;
use crate::support::everyone;

#[test]
fn a_shell_has_job_control_and_a_terminal_of_its_own() {
    for &who in everyone() {
        for init in [false, true] {
            let mut lab = container([]).by(who);
            if init {
                lab = lab.args(["--init"]);
            }
            let lab = lab.args(["--env", "PS1=IN> ", "bash", "--norc", "--noediting", "-i"]);
            let mut terminal = lab.on_terminal();
            terminal.until("IN> ");
            terminal.line("tty");
            terminal.until("/dev/pts/0\r");
            terminal.until("IN> ");
            terminal.resize(33, 101);
            // A shell learns of it by SIGWINCH, which is on its way.
            terminal
                .line("until [ \"$(stty size)\" = '33 101' ]; do sleep 0.01; done; echo si''zed");
            terminal.until("sized\r\n");
            for (key, sign) in [(b'c', "IN> "), (b'z', r"Stopped +.*\n")] {
                terminal.line("echo g''o; sleep 50");
                terminal.until("go\r\n");
                std::thread::sleep(std::time::Duration::from_millis(200));
                terminal.control(key);
                terminal.until(sign);
            }
            terminal.line("kill -9 %1; disown -a; exit 7");
            assert_eq!(terminal.status(), Some(7));
        }
    }
}
