package change

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"nstutor/internal/shell"
)

// withIP makes ip(8) installed, as it is on most machines: a command enters a
// namespace by `ip netns exec` then, and by nsenter(1) otherwise.
func withIP(t testing.TB) {
	t.Helper()
	dir := t.TempDir()
	for _, program := range []string{"ip", "sysctl", "nft"} {
		if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/false\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// names are words that a shell takes for more than words, if it can: each would
// leave a file behind if it were run.
var names = []string{
	"eth0", "veth-ns1", "`>ran`", "$(>ran)", "a;>ran", "a|>ran", "a&>ran", "a\n>ran", "a>ran", "'>ran", `">ran`, `\`, `\\`, "'", "''", `"`,
	"-x", "--", "-", "up", "dev", "help", "he", "a b", "", " ", "*", "?", "[a]", "~", "~root", "#a", "a#", "{a,b}", "!", "!!", "=", "a=b", "PATH=x",
	"$PATH", "${PATH}", "%s", "%", "\x1b[2J", "\x07", "\u202egpj", "\xff\xfe", "\u0085", "\u009b1m", "网卡", "é", "e\u0301", "a\n", "\n", "\n\n", "'\n", "\x01'$(>ran)", "-\xbb", "-v\x01", "--\n\x01",
}

func TestAPastedLineIsItsWordsAndNothingElse(t *testing.T) {
	withIP(t)
	if testing.Short() {
		t.Skip("it takes more than two seconds")
	}
	all := slices.Clone(names)
	for c := 1; c < 256; c++ { // all that the kernel lets into the name of a table, and more than into that of a device
		all = append(all, string([]byte{byte(c)})+">ran")
	}
	var lines []string
	var want []string
	for _, name := range all {
		command := In("", "show", name, "x"+name, name+"x")
		lines, want = append(lines, command.String()), append(want, command.Argv[1:]...)
		if slices.Contains(names, name) {
			inside := In("a"+name, "sh", "-c", command.String())
			lines, want = append(lines, inside.Paste()), append(want, command.Argv[1:]...)
		}
	}
	checkWords(t, lines, want)
}

// checkWords runs lines under sh, in a folder of its own, with a program that
// shows its words and an ip that runs the rest of `ip netns exec NETNS …`.
func checkWords(t *testing.T, lines, want []string) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	bin, here := t.TempDir(), t.TempDir()
	const body = "for w; do printf '%s\\000' \"$w\"; done"
	if err := os.WriteFile(filepath.Join(bin, "show"), []byte("#!"+sh+"\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sh)
	cmd.Stdin = strings.NewReader("show() { " + body + "; }\nip() { shift 3; \"$@\"; }\n" + strings.Join(lines, "\n") + "\n")
	cmd.Dir, cmd.Env = here, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=/nowhere"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%q: %v: %s", lines, err, out)
		return
	}
	if left, _ := os.ReadDir(here); len(left) > 0 {
		t.Errorf("something was run: it left %v", left)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i, word := range want {
		if i >= len(got) || got[i] != word {
			t.Fatalf("word %d is %q, want %q", i, got[min(i, len(got)-1)], word)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d words, want %d", len(got), len(want))
	}
	for _, line := range lines {
		body := strings.ReplaceAll(line, "\n", "")
		if !utf8.ValidString(line) || strings.IndexFunc(body, func(c rune) bool { return !unicode.IsPrint(c) }) >= 0 {
			t.Errorf("%q cannot be copied from a screen", line)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if strings.ContainsRune(word, 0) {
			return // no word of a command has one (execve(2))
		}
		checkWords(t, []string{"show " + shell.Word(word)}, []string{word})
	})
}

func TestACommandIsTypedWhereItBelongs(t *testing.T) {
	withIP(t)
	up := []string{"ip", "link", "set", "lo", "up"}
	for _, c := range []struct {
		command Command
		want    string
	}{
		{In("", up...), "ip link set lo up"},
		{In("ns1", up...), "ip netns exec ns1 ip link set lo up"},
		{In("my pod", up...), "ip netns exec 'my pod' ip link set lo up"},
		{In("pid:4711", up...), "nsenter -t 4711 -n ip link set lo up"},
		{In("/proc/4711/ns/net", up...), "nsenter --net=/proc/4711/ns/net ip link set lo up"},
		{Up("", "eth0").Command(), "ip link set eth0 up"},
		{Up("", "up").Command(), "ip link set dev up up"},
		{Up("", "h").Command(), "ip link set dev h up"},
		{Up("", "-x").Command(), "ip link set dev -x up"},
		{Up("", "`id>&2`").Command(), "ip link set '`id>&2`' up"},
		{Conf("", "eth0.5", "forwarding", "1").Command(), "sysctl -w net.ipv4.conf.eth0/5.forwarding=1"},
		{In("ns1", "iptables", "-A", "FORWARD", "!", "-d", "10.0.0.0/8"), "ip netns exec ns1 iptables -A FORWARD ! -d 10.0.0.0/8"},
		{In("", "!", "a!b"), "'!' 'a!b'"},
		{Command{Netns: "ns1", Shell: "echo > /x", Background: true}, "ip netns exec ns1 sh -c 'echo > /x' &"},
		{Conf("", "a=b", "forwarding", "1").Command(), "sh -c 'echo 1 > /proc/sys/net/ipv4/conf/a=b/forwarding'"},
	} {
		if got := c.command.Paste(); got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.command, got, c.want)
		}
	}
}

func TestACommandForProgramsIsTheOneForPeople(t *testing.T) {
	got, err := json.Marshal(Up("pod", "`id`").Command())
	want := `{"netns":"pod","command":"ip link set '` + "`id`" + `' up"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// TestWhatNftCannotBeToldIsNoCommand: a name that is no identifier would be read
// as more rules.
func TestWhatNftCannotBeToldIsNoCommand(t *testing.T) {
	withIP(t)
	for _, name := range []string{"in", "a-b", "filter", "KUBE_FORWARD", "cali-fw", "_", "a.b", `a\b`, "a/b"} {
		if got := Here(Accept{Family: "inet", Table: name, Chain: name, Established: true}); len(got) == 0 {
			t.Errorf("nft takes %q", name)
		}
	}
	for _, name := range []string{"", "fwd", "a b", "a;b", "a\nb", "0a", "-a", "'", `"a"`, "a{", "#", "ип", "\xff"} {
		if got := Here(Accept{Family: "inet", Table: "t", Chain: name, Established: true}); len(got) > 0 {
			t.Errorf("%q is no identifier: %s", name, got)
		}
	}
}

// FuzzSysctl: whatever a device is called and a setting is to be, the command
// is the words that were meant.
func FuzzSysctl(f *testing.F) {
	if testing.Short() {
		f.Skip("it takes more than two seconds")
	}
	for _, name := range append(names, "eth0.5", "a=b", "a%b", "+") {
		f.Add(name, "1")
		f.Add("eth0", name)
	}
	f.Fuzz(func(t *testing.T, dev, value string) {
		if strings.ContainsRune(dev+value, 0) {
			return
		}
		command := Conf("", dev, "forwarding", value).Command()
		shown := In("", append([]string{"show"}, command.Argv...)...)
		checkWords(t, []string{shown.String()}, command.Argv)
	})
}
