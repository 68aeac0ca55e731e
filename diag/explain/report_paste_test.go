package explain

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestAFixIsPastedWithItsNamespace(t *testing.T) {
	for _, c := range []struct {
		fix  Fix
		want string
	}{
		{Fix{"", "ip link set lo up"}, "ip link set lo up"},
		{Fix{"ns1", "ip link set lo up"}, "ip netns exec ns1 ip link set lo up"},
		{Fix{"", "echo 1 > /proc/x"}, "echo 1 > /proc/x"},
		{Fix{"ns1", "echo 1 > /proc/x"}, "ip netns exec ns1 sh -c 'echo 1 > /proc/x'"},
		{Fix{"ns1", "nft 'add table ip t; add chain ip t c'"}, "ip netns exec ns1 nft 'add table ip t; add chain ip t c'"},
		{Fix{"ns1", "nft 'add table ip t' && nft list ruleset"}, `ip netns exec ns1 sh -c 'nft '\''add table ip t'\'' && nft list ruleset'`},
		{Fix{"ns1", `echo "$HOME"`}, `ip netns exec ns1 sh -c 'echo "$HOME"'`},
		{Fix{"ns1", "LANG=C ip a"}, "ip netns exec ns1 sh -c 'LANG=C ip a'"},
		{Fix{"my pod", "ip a"}, "ip netns exec 'my pod' ip a"},
		{Fix{"pid:4711", "ip a"}, "nsenter -t 4711 -n ip a"},
		{Fix{"/proc/4711/ns/net", "ip a"}, "nsenter --net=/proc/4711/ns/net ip a"},
	} {
		if got := c.fix.Paste(); got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.fix, got, c.want)
		}
	}
}

// TestAPastedCommandIsTheCommand: sh does with the pasted line what it does
// with the command itself.
func TestAPastedCommandIsTheCommand(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Logf("not tried: %v", err)
		return
	}
	// An ip that runs what stands behind `netns exec NS` where it is.
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "ip"), []byte("#!"+sh+"\nshift 3\nexec \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(command string) string {
		cmd := exec.Command(sh, "-c", command)
		cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "WORD=two words"}
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
		return string(out)
	}
	for _, command := range []string{
		"printf %s, plain words", "printf %s, 'two  words' \"and 'these'\"", `printf %s, "it's" "$WORD"`,
		"echo one; echo two", "echo a | tr a b", "echo x > y && cat y", `printf %s, a\ b`, "printf %s, `echo sub`",
		"printf %s, '$WORD' '`x`' '*'", "WORD=x printenv WORD", "printf %s, {a,b} ~ * [a]", "echo a # b", "! false",
	} {
		if want, got := run(command), run(Fix{"ns1", command}.Paste()); got != want {
			t.Errorf("%s prints %q, pasted %q", command, want, got)
		}
	}
}
