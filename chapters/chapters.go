// Package chapters is the curriculum: what each step does and promises, and
// the prose that goes with it.
package chapters

import (
	"sync"

	"nstutor/steps"
)

// All is every chapter in its order, with the steps that this kernel can make.
func All() steps.Course { return whole().Here() }

// whole is made once, when it is first asked for: most commands do without it.
var whole = sync.OnceValue(func() steps.Course {
	return steps.Course{
		packets(), namespaces(), pod(), outside(), routed(), bridged(), contract(),
		virtual(), instruments(), balanced(), hairpinned(), nodePorts(), policed(), sidecars(),
	}
})

// The places of the course.
const (
	host = "host"
	inet = "inet"
	ns1  = "ns1"
	ns2  = "ns2"

	nodeIP   = "192.168.6.160"
	routerIP = "192.168.6.1"
	podIP    = "172.20.1.10"
	pod2IP   = "172.20.1.20"
	gateway  = "172.20.1.1"
	webIP    = "203.0.113.10"
	webName  = "www.example.com"
	noMAC    = "02:00:00:00:00:99" // nobody's
)

// The devices whose MAC addresses the steps talk about.
var (
	nodeDev   = steps.Dev{Netns: host, Name: "eth0"}
	routerDev = steps.Dev{Netns: inet, Name: "up0"}
	vethDev   = steps.Dev{Netns: host, Name: "veth-ns1"}
	podDev    = steps.Dev{Netns: ns1, Name: "ns1-eth0"}
)
