package played_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/session"
	"nstutor/internal/session/console"
	"nstutor/ui"
)

// types types a line on the command line and runs it.
func (p *play) types(line string) {
	p.t.Helper()
	for _, r := range line {
		p.press(string(r))
	}
	p.press("enter")
}

// look is what a function says of the model, between two messages.
func peek[T any](p *play, at func(m *ui.Model) T) T {
	said := make(chan T)
	p.msgs <- glance(func(m *ui.Model) { said <- at(m) })
	return <-said
}

// installed says whether there is a program to type.
func installed(t *testing.T, program string) bool {
	t.Helper()
	_, err := exec.LookPath(program)
	if err != nil {
		t.Logf("%s is not installed", program)
	}
	return err == nil
}

// TestTypingTheCourseByHand types what the lesson shows instead of having it
// run, as it stands there, in the namespace that the prompt names by itself.
func TestTypingTheCourseByHand(t *testing.T) {
	labtest.Slow(t)
	if !installed(t, "ip") {
		return
	}
	p := startPlay(t, "2.1")
	for _, id := range []string{"2.1", "2.2", "2.3", "2.4", "2.5", "2.6"} {
		command := peek(p, func(m *ui.Model) change.Command { return m.Scene.Command })
		p.press(":")
		p.see("▸ command line", "type what does it")
		p.types(command.String())
		p.see("as promised", "esc, enter:")
		if failed := peek(p, func(m *ui.Model) bool {
			return strings.Contains(strings.Join(m.Panes.Console.Lines(78), "\n"), "exit status")
		}); failed {
			t.Errorf("%s: %s fails:\n%s", id, command, p.view())
		}
		p.press("esc")
		p.miss("command line")
		p.enterUntil("enter: ")
		p.press("enter")
		if id != "2.6" {
			p.wait(func(string) bool {
				return peek(p, func(m *ui.Model) bool {
					return m.Scene.Step.ID != id && m.Scene.Phase == session.PhaseLook && m.Working == 0
				})
			}, "%s does not end", id)
		}
	}
	if typed := peek(p, func(m *ui.Model) int { return m.Commands }); typed != 6 {
		t.Errorf("%d commands are counted", typed)
	}
}

// The command is also right without the prefix, where the prompt says so.
func TestThePromptIsWhereTheCommandBelongs(t *testing.T) {
	if !installed(t, "ip") {
		return
	}
	p := startPlay(t, "2.6")
	p.press(":")
	p.see("\n ns1 # ")
	p.types("ip route add default via 172.20.1.1 dev ns1-eth0")
	p.see("ns1 # ip route add default", "as promised", "done by your own hand")
}

func TestAWrongCommandShowsItsError(t *testing.T) {
	if !installed(t, "ip") {
		return
	}
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("ip route add default via 172.20.1.1 dev eth9")
	p.see(`Cannot find device "eth9"`, "✗ exit status 1", "\n ns1 # ")
	p.types("no-such-program")
	p.see("no-such-program: ", "✗ exit status 127") // not found, or a folder of $PATH is closed
	p.press("ctrl+n")                               // to host, the first behind the last
	p.see("\n host # ")
	p.types("ip route")
	p.see("default via 192.168.6.1 dev eth0")
	p.types("ip netns exec ns1 ip -br addr show dev ns1-eth0")
	p.see("172.20.1.10/24")
	p.types("ip netns exec inet bash")
	p.see("\n inet # ")
	p.types("cd /tmp")
	p.see("each has a shell of its own")
}

func TestPingRunsUntilCtrlC(t *testing.T) {
	labtest.Slow(t)
	if !installed(t, "ping") {
		return
	}
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("ip netns exec host ping 192.168.6.160")
	p.see("ctrl+c stops it", "icmp_seq=2")
	p.types("echo too early") // waits, but ctrl+c is not for one command only
	p.press("ctrl+c")
	p.see("packets transmitted", "^C  stopped", "ns1 # echo too early")
	p.press("enter")
	p.see("\n too early")
	p.types("sleep 0.3")
	p.types("echo in time")
	p.see("\n in time")
}

// runaway types a line and returns how long it took until the text was there.
func (p *play) runaway(line, text string) time.Duration {
	p.t.Helper()
	p.press(":")
	p.see("command line")
	began := time.Now()
	p.types(line)
	p.see(text)
	return time.Since(began)
}

func TestARunawayIsStopped(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	peek(p, func(m *ui.Model) int { m.Hands.Limit = time.Second; return 0 })
	if took := p.runaway("sleep 1000; echo after", "✗ stopped after 1 s"); took < time.Second || took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	p.press("ctrl+l")
	p.types(`trap "" INT; echo deaf; while :; do sleep 0.1; done`)
	p.see("deaf", "✗ stopped after 1 s")
}

// A flood that goes on in the background is stopped with the rest of its line.
func TestARunawayInTheBackgroundIsStopped(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	file := t.TempDir() + "/pid"
	p.runaway("yes & echo $! > "+file+"; wait", "ctrl+c stops it")
	time.Sleep(300 * time.Millisecond)
	p.press("ctrl+c")
	p.see("^C  stopped")
	time.Sleep(time.Second) // what a command has for its last words
	p.press("ctrl+l")
	p.types("ps -o pid= -p $(cat " + file + ") || echo gone")
	p.see("\n gone")
}

func TestAFloodIsBounded(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	p.runaway("yes no | head -c 50M; echo; echo the end", "\n the end")
	p.press("pgup")
	for range 400 {
		p.press("pgup")
	}
	p.see("earlier lines are gone: the last 2000, or 256 KiB, are kept")
	if lines := peek(p, func(m *ui.Model) int { return len(m.Typing.Tape.Lines) }); lines > console.TapeLines {
		t.Errorf("%d lines are kept", lines)
	}
	p.press("ctrl+l")
	p.types("head -c 3000000 /dev/zero; echo; echo done")
	p.see("\n done")
	if bytes := peek(p, func(m *ui.Model) int { return m.Typing.Tape.Bytes }); bytes > console.TapeBytes {
		t.Errorf("%d bytes are kept", bytes)
	}
	p.press("ctrl+l")
	p.types("yes")
	time.Sleep(500 * time.Millisecond)
	p.press("ctrl+c")
	p.see("^C  stopped")
}

// A ping that nobody answers has said what it does.
func TestOutputShowsWhileACommandIsSilent(t *testing.T) {
	if !installed(t, "ping") {
		return
	}
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("ping 172.20.1.77")
	p.see("\n PING 172.20.1.77 (172.20.1.77)", "ctrl+c stops it")
}

// What is left in the background may go on writing.
func TestABackgroundCommandMayWrite(t *testing.T) {
	labtest.Slow(t)
	p := startPlay(t, "2.6")
	p.press(":")
	file := t.TempDir() + "/noisy"
	p.types("(while :; do echo noise; sleep 0.01; done) & echo $! > " + file + "; echo started")
	p.see("started", "\n ns1 # ▏")
	p.types("sleep 1.2; kill $(cat " + file + ") && echo it lived")
	p.see("\n it lived")
}

func TestOutputOfBothStreamsShowsInItsOrder(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types(`for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf 'no end'`)
	p.see("\n out 1", "\n err 3", "\n no end")
	view := p.view()
	at := 0
	for _, text := range []string{"out 1", "err 1", "out 2", "err 2", "out 3", "err 3", "no end"} {
		next := strings.Index(view[at:], "\n "+text)
		if next < 0 {
			t.Fatalf("%q is not in its place:\n%s", text, view)
		}
		at += next
	}
}

func TestCommandsReadNothing(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("cat; read x || echo nothing to read")
	p.see("\n nothing to read")
}

func TestClosingStopsWhatRuns(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("sleep 1000")
	p.see("ctrl+c stops it")
	p.press("esc")
	p.miss("command line")
	p.wait(func(string) bool { return peek(p, func(m *ui.Model) bool { return m.Typing.Run == nil }) }, "it runs on")
	p.press(":")
	p.see("ns1 # sleep 1000", "stopped: its pane was closed")
	p.press("up")
	p.see("\n ns1 # sleep 1000", "type what does it")
}

// What a command leaves in the background stays, and does not hold the line.
func TestABackgroundCommandDoesNotHoldTheLine(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("sleep 20 & echo started")
	p.see("\n started")
	p.types("echo next")
	p.see("\n next")
}

func TestANamespaceThatGoesMeanwhile(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("echo begun; sleep 1000")
	p.see("\n begun")
	if err := p.lab.DelNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	p.see("ns1 ✗ # ")
	p.press("ctrl+c")
	p.see("^C  stopped")
	p.types("ip link")
	p.see("\n ✗ ", "no such network namespace")
	p.press("ctrl+n")
	p.miss("ns1 ✗ # \n")
	p.types("echo alive")
	p.see("\n alive")
	p.press("esc", "r")
	p.see("ns1-eth0 UP")
}

func TestWhatIsTypedStaysInTheLab(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("ls /sys/class/net; echo .")
	p.see("\n lo  ns1-eth0", "\n .")
}

func TestQuitWhileACommandRuns(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("sleep 1000")
	p.see("ctrl+c stops it") // the cleanup waits for it
}

// What was typed in another network does not look like something of this one; the up
// key still has it.
func TestTheCommandLineIsEmptyInAnotherLab(t *testing.T) {
	p := startPlay(t, "2.6")
	p.press(":")
	p.types("echo of $((3+4)) before")
	p.see("of 7 before")
	p.press("esc", "g", "5", ".", "1")
	p.see("5.1")
	p.press("enter")
	p.see("enter begins the chapter", "live · pod-a")
	p.press(":")
	p.see("The prompt names the namespace")
	p.miss("of 7 before")
	p.press("up")
	p.see("echo of $((3+4)) before")
}
