package change

import (
	"os"
	"path/filepath"
	"strings"

	"nstutor/internal/nsenter"
)

// Machine is the Space of a machine's own namespaces, by the names that a Command
// has for them.
type Machine struct{ open map[string]*nsenter.Namespace }

// NS opens a namespace: a name of `ip netns`, "pid:4711", a path, or "" for the one
// that the program was started in.
func (m *Machine) NS(name string) (*nsenter.Namespace, error) {
	if ns := m.open[name]; ns != nil {
		return ns, nil
	}
	ns, err := nsenter.Open(name, pathOf(name))
	if err != nil {
		return nil, err
	}
	if m.open == nil {
		m.open = map[string]*nsenter.Namespace{}
	}
	m.open[name] = ns
	return ns, nil
}

func pathOf(name string) string {
	pid, isProcess := strings.CutPrefix(name, "pid:")
	switch {
	case name == "":
		return "/proc/self/ns/net"
	case isProcess:
		return filepath.Join("/proc", pid, "ns/net")
	case strings.Contains(name, "/"):
		return name
	}
	return filepath.Join(netnsDir, name)
}

// PinDevice does nothing: a machine's devices are as its owner has them.
func (m *Machine) PinDevice(*nsenter.Namespace, string) error { return nil }

// AddNetns makes a named namespace.
func (m *Machine) AddNetns(name string) error {
	if err := os.MkdirAll(netnsDir, 0o755); err != nil {
		return err
	}
	ns, err := nsenter.Create(name, filepath.Join(netnsDir, name))
	if err == nil {
		ns.Close()
	}
	return err
}

// DelNetns takes a name away.
func (m *Machine) DelNetns(name string) error {
	if ns := m.open[name]; ns != nil {
		ns.Close()
		delete(m.open, name)
	}
	return nsenter.Delete(filepath.Join(netnsDir, name))
}

// Close lets go of all namespaces.
func (m *Machine) Close() {
	for _, ns := range m.open {
		ns.Close()
	}
}
