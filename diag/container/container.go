// Package container finds the containers and pods of a machine by what their
// runtimes leave behind: files of theirs, and the command lines of the processes
// that mind them. No daemon is asked, and none of their programs is needed.
//
// A file for each family: docker.go, containerd.go for Kubernetes and nerdctl,
// monitor.go for what stays a child of a program that has the name on its command
// line (podman, CRI-O, LXC, systemd-nspawn), machined.go and mininet.go.
package container

import (
	"cmp"
	"slices"
	"strings"

	"nstutor/internal/plainfile"
)

// Container is a process with a network namespace, and what its runtime calls it.
// Names come from strangers: they reach a terminal by say.Clean, and no command.
type Container struct {
	Runtime string // "docker", "containerd", "podman", …
	Name    string // "" for one that has an ID alone
	ID      string
	Pod     string // of Kubernetes, without its namespace; "" for what is in no pod
	PodIn   string // the namespace of Kubernetes that the pod is in
	PID     int
	// UID is the user that says so: anybody can give a process of his the command
	// line of another's.
	UID uint32
	// Networks are those that its runtime has put it into, as far as that says so, by
	// their names; with its IPv4 address there.
	Networks map[string]string
}

// Called is what a person calls it: its pod, its name, or the beginning of its ID.
func (c Container) Called() string { return cmp.Or(c.Pod, c.Name, c.shortID()) }

// shortID is as much of an ID as docker and podman print.
func (c Container) shortID() string { return c.ID[:min(len(c.ID), 12)] }

// source is one way to find containers.
type source func(t *tree) []Container

var sources = []source{docker, containerd, monitored, machined, mininet}

// Read finds the containers that run, the lowest process first. root is the root
// folder of the machine, with its /proc, /run and /var; what of it cannot be read
// is left out. Of a container that several runtimes have a hand in, what the
// first of them says counts.
func Read(root string) ([]Container, error) {
	dir, err := plainfile.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	t := newTree(dir)
	var all []Container
	for _, find := range sources {
		for _, c := range find(t) {
			known := slices.ContainsFunc(all, func(o Container) bool { return o.PID == c.PID || c.ID != "" && o.ID == c.ID })
			if !known && c.Called() != "" {
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b Container) int { return cmp.Compare(a.PID, b.PID) })
	return all, nil
}

// leastID is how many letters of an ID stand for it. With fewer, a name that was
// mistyped would be one too easily.
const leastID = 3

// Named are those that have a name: as their runtime calls them, or their pod,
// also with its namespace before it (kube-system/coredns-5d78c9869d-x2x7q).
func Named(all []Container, name string) []Container {
	return filter(all, func(c Container) bool {
		return name != "" && (c.Name == name || c.Pod == name || c.Pod != "" && c.PodIn+"/"+c.Pod == name)
	})
}

// Numbered are those whose ID begins so.
func Numbered(all []Container, prefix string) []Container {
	return filter(all, func(c Container) bool { return len(prefix) >= leastID && strings.HasPrefix(c.ID, prefix) })
}

func filter(all []Container, fits func(Container) bool) (some []Container) {
	for _, c := range all {
		if fits(c) {
			some = append(some, c)
		}
	}
	return some
}
