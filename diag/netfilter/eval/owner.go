package eval

import (
	"strings"
)

// owners are the programs that write rules, by what the names of their chains or
// tables begin with. Who mends a rule of theirs by hand loses that when they write
// it the next time.
var owners = []struct{ prefix, name string }{
	{"DOCKER-USER", ""}, {"CNI-ADMIN", ""}, // left to whoever runs the machine
	{"DOCKER", "Docker"}, {"docker-", "Docker"},
	{"NETAVARK", "podman"}, {"netavark", "podman"}, {"nv_", "podman"},
	{"CNI-", "CNI"}, {"cni_", "CNI"}, {"CNI_", "CNI"},
	{"KUBE-ROUTER", "kube-router"}, {"KUBE-POD-FW", "kube-router"}, {"KUBE-NWPLCY", "kube-router"},
	{"KUBE-", "kube-proxy"}, {"kube-proxy", "kube-proxy"}, {"kube-network-policies", "kube-network-policies"},
	{"cali-", "Calico"}, {"calico", "Calico"}, {"FLANNEL", "flannel"}, {"flannel", "flannel"}, {"CILIUM", "Cilium"}, {"ANTREA", "Antrea"}, {"WEAVE", "Weave Net"},
	{firewalld, firewalld}, {"ufw-", "ufw"}, {"LIBVIRT_", "libvirt"}, {"libvirt_", "libvirt"},
	{"ts-", "Tailscale"}, {"NETBIRD", "NetBird"}, {"f2b-", "fail2ban"},
}

const firewalld = "firewalld"

// Owner is the program that wrote the rule which decided, as far as names tell
// it; empty when they do not.
func (r Result) Owner() string {
	if r.Table == nil {
		return ""
	}
	for _, name := range []string{r.In, r.Table.Name} {
		for _, o := range owners {
			if strings.HasPrefix(name, o.prefix) {
				return o.name
			}
		}
	}
	if r.byFirewalld() {
		return firewalld
	}
	if r.betweenNetworks() || r.withinNetwork() {
		return "Docker"
	}
	return ""
}
