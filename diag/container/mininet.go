package container

import "strings"

// mininet finds the hosts of Mininet: each is a shell that is begun as
// `bash --norc --noediting -is mininet:h1`, so that its tool m finds it
// (mininet/node.py). Switches and controllers are such shells too, in the
// machine's own namespace as a rule.
func mininet(t *tree) (all []Container) {
	for _, p := range t.processes {
		last := p.argv[len(p.argv)-1]
		name, ok := strings.CutPrefix(last, "mininet:")
		shell := len(p.argv) == 1 || p.program() == "bash"
		if ok && name != "" && shell {
			all = append(all, Container{Runtime: "mininet", Name: name, PID: p.pid, UID: t.uid(p.pid)})
		}
	}
	return all
}
