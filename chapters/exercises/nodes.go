package exercises

import (
	"nstutor/internal/change"
	"nstutor/internal/say"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/world"
)

// cluster is two nodes that are joined by a cable, eth1 to eth1: the lab's node
// with the pods a and near, and a second one with the pod b.
type cluster struct {
	pods       Subnet // of all nodes
	node       string // the second node
	lan        Subnet // of the cable
	hostIP     string // the nodes' addresses in it
	nodeIP     string
	a, near, b Pod
}

func newCluster(r *Seed) cluster {
	c := cluster{pods: r.Cluster(), node: r.Name("worker", "node2", "rack2", "edge"), lan: r.Subnet()}
	here, there, lan := r.Hosts(2), r.Hosts(1), r.Hosts(2)
	c.hostIP, c.nodeIP = c.lan.IP(lan[0]), c.lan.IP(lan[1])
	c.a = Pod{Name: r.Name(), Addr: c.here().CIDR(here[0])}
	c.near = Pod{Name: r.Name(), Addr: c.here().CIDR(here[1])}
	c.b = Pod{Name: r.Name(), Addr: c.there().CIDR(there[0]), Node: c.node}
	return c
}

// here and there are the pod networks of the two nodes.
func (c cluster) here() Subnet  { return c.pods.Node(1) }
func (c cluster) there() Subnet { return c.pods.Node(2) }

// build makes everything but the ways from one node's pods to the other's.
func (c cluster) build(w *World) {
	w.Forward(Host)
	w.Node(c.node)
	w.Cable(Host, "eth1", c.node, "eth1")
	w.Addr(Host, "eth1", c.hostIP+"/24")
	w.Addr(c.node, "eth1", c.nodeIP+"/24")
	w.GatewayPod(c.a, c.near, c.b)
}

// hostRoutes are the ways between the pods without any tunnel.
func (c cluster) hostRoutes(w *World) {
	w.Route(Host, c.there().String()+" via "+c.nodeIP+" dev eth1")
	w.Route(c.node, c.here().String()+" via "+c.hostIP+" dev eth1")
}

// vars are the words that the prose of every cluster needs.
func (c cluster) vars(more map[string]string) map[string]string {
	vars := map[string]string{
		"Pod": c.a.Name, "PodIP": c.a.IP(), "Near": c.near.Name, "Far": c.b.Name, "FarIP": c.b.IP(),
		"Node": c.node, "NodeIP": c.nodeIP, "HostIP": c.hostIP, "Here": c.here().String(), "There": c.there().String(),
	}
	for word, value := range more {
		vars[word] = value
	}
	return vars
}

// tempted is a wrong idea: why it is none, in both languages, and what is typed.
func tempted(en, zh string, lines ...change.Change) Tempting {
	return Tempting{Lines: lines, Why: say.T(en, zh)}
}

// word is what the prose asks for with {{if .Word}}.
func word(is bool) string { return map[bool]string{true: "yes"}[is] }
