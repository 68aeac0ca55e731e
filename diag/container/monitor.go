package container

import (
	"path"
	"strings"
)

// monitor is a program that minds a container, with its name on the command line,
// and whose child the container's first process is.
type monitor struct {
	runtime string
	reads   func(p process) (name, id string)
}

// monitors are by the name of the program.
var monitors = map[string]monitor{
	"conmon":         {"podman", conmon},
	"conmonrs":       {"cri-o", conmon},
	"lxc-start":      {"lxc", func(p process) (string, string) { return p.option("-n", "--name"), "" }},
	"systemd-nspawn": {"systemd-nspawn", nspawn},
}

// conmon minds a container for podman and for CRI-O. That of `podman exec` (-e)
// minds a guest.
func conmon(p process) (name, id string) {
	for _, word := range p.argv[1:] {
		if word == "-e" || word == "--exec" {
			return "", ""
		}
	}
	return p.option("-n", "--name"), p.option("-c", "--cid")
}

// nspawn calls a machine by its folder, when no name is given.
func nspawn(p process) (name, id string) {
	if name = p.option("-M", "--machine"); name == "" {
		for _, short := range p.argv[1:] {
			if rest, ok := strings.CutPrefix(short, "-M"); ok && rest != "" {
				return rest, ""
			}
		}
		if dir := p.option("-D", "--directory"); dir != "" {
			name = path.Base(dir)
		}
	}
	return name, ""
}

// lxcTitle is what an lxc-start calls itself once it has gone into the background:
// the folder of the containers follows, and the name (lxc_monitor in LXC and LXD).
const lxcTitle = "[lxc monitor] "

// monitored finds the containers that are children of a monitor.
func monitored(t *tree) (all []Container) {
	for _, p := range t.processes {
		c := Container{}
		if title, ok := strings.CutPrefix(p.argv[0], lxcTitle); ok {
			c.Runtime, c.Name = "lxc", title[strings.LastIndexByte(title, ' ')+1:]
		} else if m, ok := monitors[p.program()]; ok {
			c.Runtime = m.runtime
			c.Name, c.ID = m.reads(p)
		}
		if c.Name == "" && c.ID == "" {
			continue
		}
		c.ofKubernetes()
		if children := t.children(p.pid); len(children) > 0 {
			c.PID, c.UID = children[0], t.uid(p.pid) // later ones are helpers, such as that for its network
			all = append(all, c)
		}
	}
	return all
}

// ofKubernetes takes a name apart that the kubelet, or CRI-O for it, has put
// together: k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT. No part has an underscore.
func (c *Container) ofKubernetes() {
	if parts := strings.Split(c.Name, "_"); len(parts) == 6 && parts[0] == "k8s" {
		c.Name, c.Pod, c.PodIn = parts[1], parts[2], parts[3]
	}
}
