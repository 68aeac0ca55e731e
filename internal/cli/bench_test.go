package cli

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"nstutor/internal/progress"
)

// begun is the home of a learner who has been in the course before, and is spared the
// welcome.
func begun(b *testing.B) string {
	b.Helper()
	home := b.TempDir()
	progress.Load(filepath.Join(home, "nstutor", "progress.json")).SetPosition("0.1")
	return home
}

// BenchmarkFirstFrame is from the start of the process to the first complete
// frame, with the lab ready: the footer and the first ping's answer are there.
func BenchmarkFirstFrame(b *testing.B) {
	for b.Loop() {
		x := openTerminalOf(b, begun(b), 80, 24)
		x.await(b, 0, "quit")
		b.StopTimer()
		x.cmd.Process.Kill()
		x.cmd.Wait()
		b.StartTimer()
	}
}

// BenchmarkChangeToFrame is from the line that `ip monitor` prints for a route
// that another process adds in the lab, to the frame that shows the route. A
// negative figure means that the frame came first.
func BenchmarkChangeToFrame(b *testing.B) {
	x := openTerminalOf(b, begun(b), 120, 36)
	x.await(b, 0, "quit")
	enter := []string{"-t", strconv.Itoa(x.inside(b)), "-U", "-m", "-n", "-p", "--preserve-credentials"}
	monitor := exec.Command("nsenter", append(enter, "ip", "-n", "host", "monitor", "route")...)
	lines, err := monitor.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := monitor.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { monitor.Process.Kill(); monitor.Wait() }()
	seen := make(chan time.Time, 100)
	go func() {
		for s := bufio.NewScanner(lines); s.Scan(); {
			seen <- time.Now()
		}
	}()
	time.Sleep(300 * time.Millisecond) // until ip monitor listens
	var total, worst time.Duration
	n := 0
	for b.Loop() {
		dst := fmt.Sprintf("198.51.100.%d", n%250+1)
		n++
		mark := x.printed()
		if out, err := exec.Command("nsenter", append(enter, "ip", "-n", "host", "route", "add", dst, "dev", "lo")...).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		frame := x.await(b, mark, dst)
		late := frame.Sub(<-seen)
		total += late
		worst = max(worst, late)
		if out, err := exec.Command("nsenter", append(enter, "ip", "-n", "host", "route", "del", dst, "dev", "lo")...).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		<-seen
		time.Sleep(50 * time.Millisecond) // until the frame without it is drawn
	}
	b.ReportMetric(float64(total.Microseconds())/1000/float64(n), "ms-after-monitor")
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms-after-monitor")
}

// BenchmarkIdle is the processor time of the idle TUI with its ping running,
// and of `watch -n 1 'ip route; ip neigh'`, in the same half minute.
func BenchmarkIdle(b *testing.B) {
	const span = 30 * time.Second
	x := openTerminalOf(b, begun(b), 120, 36)
	x.await(b, 0, "quit")
	watch := exec.Command("script", "-qfc", "watch -n 1 'ip route; ip neigh'", "/dev/null")
	if err := watch.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { watch.Process.Kill(); watch.Wait() }()
	time.Sleep(time.Second)
	watcher := childOf(b, "watch")
	inside := x.inside(b)
	tui, other := cpu(b, inside), cpu(b, watcher)
	for b.Loop() {
		time.Sleep(span)
	}
	perMinute := 60 / (span.Seconds() * float64(b.N))
	b.ReportMetric((cpu(b, inside)-tui)*perMinute*1000, "tui-cpu-ms/min")
	b.ReportMetric((cpu(b, watcher)-other)*perMinute*1000, "watch-cpu-ms/min")
}

// childOf finds the newest process of that name.
func childOf(b *testing.B, name string) int {
	b.Helper()
	out, err := exec.Command("pgrep", "-n", "-x", name).Output()
	if err != nil {
		b.Fatalf("no process %s: %v", name, err)
	}
	pid, err := strconv.Atoi(string(out[:len(out)-1]))
	if err != nil {
		b.Fatal(err)
	}
	return pid
}
