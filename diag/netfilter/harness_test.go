package netfilter_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"nstutor/diag/netfilter"
	"nstutor/internal/nsenter"
)

// ruleCommand runs a program inside ns and returns what it printed. It says
// false when the program is not on this machine.
func ruleCommand(t *testing.T, ns *nsenter.Namespace, stdin, name string, args ...string) (string, bool) {
	t.Helper()
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		t.Logf("%s is not installed: its rules are not part of this run", name)
		return "", false
	}
	var out []byte
	err = ns.Do(func() error {
		cmd := exec.Command(path, args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err = cmd.CombinedOutput()
		return err
	})
	if err != nil {
		t.Fatalf("%s: %s %s: %v\n%s", ns.Name(), name, strings.Join(args, " "), err, out)
	}
	return string(out), true
}

func ruleLines(t *testing.T, ns *nsenter.Namespace) []string {
	t.Helper()
	set, err := netfilter.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	return set.Lines()
}

// ruleSaved turns the output of iptables-save into those of RuleSet.Lines.
func ruleSaved(saved, prefix string) []string {
	var lines []string
	table := ""
	for line := range strings.Lines(saved) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "*"); ok {
			table = name
		}
		if strings.HasPrefix(line, "-A ") {
			lines = append(lines, prefix+"-t "+table+" "+line)
		}
	}
	return lines
}

// only keeps the lines that are rules in the form of iptables.
func only(lines []string, prefix string) []string {
	var out []string
	for _, line := range lines {
		if strings.HasPrefix(line, prefix+"-t ") && strings.Contains(line, " -A ") {
			out = append(out, line)
		}
	}
	return out
}
