package container

import (
	"encoding/json"
	"iter"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/plainfile"
)

// dockerRoots is where dockerd keeps its containers, when nobody says another place.
var dockerRoots = []string{"var/lib/docker", "var/snap/docker/common/var-lib-docker"}

// dockerRoots are those of this machine: by default, by /etc/docker/daemon.json,
// by the command line of root's dockerd, and with the users that userns-remap
// gives each of them (/var/lib/docker/165536.165536).
func (t *tree) dockerRoots() []string {
	roots := slices.Clone(dockerRoots)
	var daemon struct {
		Root string `json:"data-root"`
	}
	if text, err := t.Read("etc/docker/daemon.json"); err == nil && json.Unmarshal(text, &daemon) == nil && daemon.Root != "" {
		roots = append(roots, daemon.Root)
	}
	for _, p := range t.processes {
		if p.program() != "dockerd" || t.uid(p.pid) != t.root {
			continue
		}
		if root := p.option("--data-root", "-g"); root != "" && !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	for _, root := range roots {
		for _, name := range t.List(root) {
			if remapped.MatchString(name) {
				roots = append(roots, path.Join(root, name))
			}
		}
	}
	return roots
}

// remapped is the folder of the users that root is in a container, UID.GID.
var remapped = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

// dockerConfig is what is read of containers/ID/config.v2.json.
type dockerConfig struct {
	ID, Name string
	State    struct {
		Running bool
		Pid     int
	}
	Config          struct{ Labels map[string]string }
	NetworkSettings struct {
		Networks map[string]dockerEndpoint
		Ports    dockerBindings
	}
}

// dockerEndpoint is a container's place in a network.
type dockerEndpoint struct{ IPAddress, Gateway, GlobalIPv6Address, IPv6Gateway string }

// docker finds the containers of dockerd.
func docker(t *tree) (all []Container) {
	for _, c := range t.dockerConfigs() {
		if !c.State.Running || !t.runs(c.State.Pid, c.ID) {
			continue
		}
		found := Container{Runtime: "docker", Name: c.name(), ID: c.ID, PID: c.State.Pid}
		found.Pod, found.PodIn = c.Config.Labels["io.kubernetes.pod.name"], c.Config.Labels["io.kubernetes.pod.namespace"]
		for name, in := range c.NetworkSettings.Networks {
			if in.IPAddress != "" && found.Networks == nil {
				found.Networks = map[string]string{}
			}
			if in.IPAddress != "" {
				found.Networks[name] = in.IPAddress
			}
		}
		all = append(all, found)
	}
	return all
}

// name is what docker calls the container.
func (c dockerConfig) name() string { return strings.TrimPrefix(c.Name, "/") }

// dockerConfigs yields the folders of all containers, with what each is.
func (t *tree) dockerConfigs() iter.Seq2[string, dockerConfig] {
	return func(yield func(string, dockerConfig) bool) {
		for _, root := range t.dockerRoots() {
			for _, id := range t.List(path.Join(root, "containers")) {
				dir := path.Join(root, "containers", id)
				text, err := t.Read(path.Join(dir, "config.v2.json"))
				var c dockerConfig
				if err == nil && json.Unmarshal(text, &c) == nil && !yield(dir, c) {
					return
				}
			}
		}
	}
}

// dockerPorts is what is read of containers/ID/hostconfig.json.
type dockerPorts struct{ PortBindings dockerBindings }

// dockerBindings are ports of the machine, by the container's own, such as 80/tcp.
type dockerBindings map[string][]struct{ HostIP, HostPort string }

// publish is the container's own port that a port of the machine stands for, and whether it is
// published at that address alone; 0 where it is not among them.
func (d dockerBindings) publish(proto string, at netip.AddrPort) (port uint16, only bool) {
	for own, bound := range d {
		number, of, _ := strings.Cut(own, "/")
		inside, err := strconv.ParseUint(number, 10, 16)
		if err != nil || of != proto {
			continue
		}
		for _, b := range bound {
			on, err := netip.ParseAddr(b.HostIP)
			here := b.HostIP == "" || err == nil && (on == at.Addr() || on.IsUnspecified() && on.Is4() == at.Addr().Is4())
			if here && b.HostPort == strconv.Itoa(int(at.Port())) {
				return uint16(inside), err == nil && !on.IsUnspecified()
			}
		}
	}
	return 0, false
}

// Stopped is the name of a container of Docker that publishes a port, such as tcp at an address,
// when it runs, but does not run; with the process of dockerd, which is where it would be
// published. It is empty where there is none.
func Stopped(root, proto string, at netip.AddrPort) (name string, dockerd int) {
	dir, err := plainfile.OpenRoot(root)
	if err != nil {
		return "", 0
	}
	defer dir.Close()
	t := newTree(dir)
	for in, c := range t.dockerConfigs() {
		if c.State.Running {
			continue
		}
		var ports dockerPorts
		host, err := t.Read(path.Join(in, "hostconfig.json"))
		if err != nil || json.Unmarshal(host, &ports) != nil {
			continue
		}
		if port, _ := ports.PortBindings.publish(proto, at); port != 0 {
			return c.name(), t.dockerd()
		}
	}
	return "", 0
}

// dockerd is the process of root's dockerd; 0 where there is none.
func (t *tree) dockerd() (pid int) {
	for _, p := range t.processes {
		if p.program() == "dockerd" && t.uid(p.pid) == t.root {
			pid = p.pid
		}
	}
	return pid
}
