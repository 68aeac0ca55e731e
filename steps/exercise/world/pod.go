package world

import "strings"

// CalicoGateway is the gateway of pods whose node answers for any address.
const CalicoGateway = "169.254.1.1"

// Pod is a namespace with one device, and how it hangs on its node.
type Pod struct {
	Name    string
	Addr    string // with its length: 10.1.2.10/24
	Gateway string // where its default route leads; empty: CalicoGateway
	Node    string // empty: Host
	Dev     string // inside; empty: eth0
	Veth    string // on the node; empty: veth-NAME
}

// IP is the address alone.
func (p Pod) IP() string {
	ip, _, _ := strings.Cut(p.Addr, "/")
	return ip
}

// withDefaults fills in what was left empty.
func (p Pod) withDefaults() Pod {
	fill := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	fill(&p.Gateway, CalicoGateway)
	fill(&p.Node, Host)
	fill(&p.Dev, "eth0")
	fill(&p.Veth, "veth-"+p.Name)
	return p
}

// NodeDev is the device on the node.
func (p Pod) NodeDev() string { return p.withDefaults().Veth }

// ProxyPod hangs a pod on its node as Calico does: the node's end has no
// address and answers for any (proxy ARP), a /32 leads to the pod.
func (w *World) ProxyPod(pods ...Pod) {
	for _, p := range pods {
		p = p.withDefaults()
		w.podCable(p)
		w.Sysctl(p.Node, "net.ipv4.conf."+sysctlName(p.Veth)+".proxy_arp", "1")
		w.Route(p.Node, p.IP()+" dev "+p.Veth)
		w.podInside(p)
	}
}

// GatewayPod gives the node's end the gateway's address; a /32 leads to the pod,
// whose own address is a /32 too: it sends everything to the gateway.
func (w *World) GatewayPod(pods ...Pod) {
	for _, p := range pods {
		p = p.withDefaults()
		w.podCable(p)
		w.Addr(p.Node, p.Veth, p.Gateway)
		w.Route(p.Node, p.IP()+" dev "+p.Veth)
		p.Addr = p.IP()
		w.podInside(p)
	}
}

// StaticPod writes the MAC address of the node's end into the pod's neighbour
// table, as Cilium and others do; a /32 leads to the pod.
func (w *World) StaticPod(pods ...Pod) {
	for _, p := range pods {
		p = p.withDefaults()
		w.podCable(p)
		w.Route(p.Node, p.IP()+" dev "+p.Veth)
		p.Addr = p.IP()
		w.podInside(p)
		w.Neigh(p.Name, p.Gateway, w.MAC(p.Node, p.Veth), p.Dev)
	}
}

// BridgePod makes the node's end a port of a bridge, which has the gateway's
// address.
func (w *World) BridgePod(bridge string, pods ...Pod) {
	for _, p := range pods {
		p = p.withDefaults()
		w.podCable(p)
		w.Port(p.Node, p.Veth, bridge)
		w.podInside(p)
	}
}

func (w *World) podCable(p Pod) {
	w.Netns(p.Name)
	w.Cable(p.Node, p.Veth, p.Name, p.Dev)
}

func (w *World) podInside(p Pod) {
	w.Addr(p.Name, p.Dev, p.Addr)
	w.Route(p.Name, "default via "+p.Gateway+" dev "+p.Dev+" onlink")
}

// sysctlName is a device's name in a key of sysctl(8).
func sysctlName(dev string) string { return strings.ReplaceAll(dev, ".", "/") }
