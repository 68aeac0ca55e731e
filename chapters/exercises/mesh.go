package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(deadSidecar, ownEcho)

// deadSidecar: what a pod sends is redirected to a port at which its sidecar does not
// wait.
var deadSidecar = Exercise{
	Name: "dead-sidecar", Level: 2, Group: "services",
	Source: []string{"https://github.com/istio/istio/issues/35870", "https://github.com/linkerd/linkerd2/issues/7610"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		client, server := s.client.Name, s.pods[0].IP()
		wrong := Pick(r, "15000", "15006", "15090")
		in := func(line string) change.Change { return change.NFTLine(client, line) }
		exempt := "ip nat OUTPUT meta mark 1337 counter accept"
		redirect := func(port string) string { return "add rule ip nat OUTPUT tcp dport 80 counter redirect to :" + port }
		vars := s.vars()
		vars["Wrong"] = wrong
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.Sidecar(client, 15001)
				w.NFT(client, "add table ip nat", "add chain ip nat OUTPUT { type nat hook output priority -100; }", "add rule "+exempt, redirect("15001"))
			},
			Break: func(w *World) { w.NFT(client, "flush chain ip nat OUTPUT", "add rule "+exempt, redirect(wrong)) },
			Goals: []Check{Fetches(client, server), Redirected(client, server+":80", 15001)},
			Guards: []Check{
				Reaches(client, server), Fetches(Host, server),
			},
			Fix: []change.Change{in("flush chain ip nat OUTPUT"), in("add rule " + exempt), in(redirect("15001"))},
			Also: [][]change.Change{
				{in("insert rule ip nat OUTPUT tcp dport 80 counter redirect to :15001"), in("insert rule " + exempt)},
			},
			Wrong: []Tempting{
				tempted("The page comes, past the sidecar: nobody looks at it any more.", "页面来了，却绕过了 sidecar：再没人过目。", in("flush chain ip nat OUTPUT")),
				tempted("Without its exemption the sidecar meets itself.", "没了例外，sidecar 会遇见自己。", in("flush chain ip nat OUTPUT"), in(redirect("15001"))),
			},
			Causes: []cause.Code{service.NotListening},
			At:     []string{client},
			Watch:  steps.Watch{Netns: client, Get: "http://" + server, Rules: client, Flows: client},
			Vars:   vars,
		}
	},
}

// ownEcho: the redirection of a pod was written anew, without the exemption of its own
// sidecar.
var ownEcho = Exercise{
	Name: "own-echo", Level: 2, Group: "services",
	Source: []string{"https://github.com/istio/istio/issues/14443", "https://github.com/istio/istio/pull/12110"},
	Make: func(r *Seed) Case {
		s := newServing(r, 1)
		client, server := s.client.Name, s.pods[0].IP()
		in := func(line string) change.Change { return change.NFTLine(client, line) }
		exempt := "ip nat OUTPUT meta mark 1337 counter accept"
		redirect := "add rule ip nat OUTPUT tcp dport 80 counter redirect to :15001"
		return Case{
			Build: func(w *World) {
				s.build(w)
				w.Sidecar(client, 15001)
				w.NFT(client, "add table ip nat", "add chain ip nat OUTPUT { type nat hook output priority -100; }", "add rule "+exempt, redirect)
			},
			Break: func(w *World) { w.NFT(client, "flush chain ip nat OUTPUT", redirect) },
			Goals: []Check{Fetches(client, server), Redirected(client, server+":80", 15001)},
			Guards: []Check{
				Reaches(client, server), Fetches(Host, server),
			},
			Fix: []change.Change{in("insert rule " + exempt)},
			Also: [][]change.Change{
				{In(client, "iptables -t nat -I OUTPUT -m mark --mark 1337 -j ACCEPT")},
			},
			Wrong: []Tempting{
				tempted("The page comes, past the sidecar: nobody looks at it any more.", "页面来了，却绕过了 sidecar：再没人过目。", in("flush chain ip nat OUTPUT")),
				tempted("It is asked after the rule that decides already.", "排在后面就轮不到它，前一条已经说了算。", in("add rule "+exempt)),
				tempted("That lets out whoever goes there, the application before all.", "这样谁去那里都放行，头一个就是应用。",
					in("insert rule ip nat OUTPUT ip daddr "+server+" counter accept")),
			},
			Causes: []cause.Code{service.ProxyLoop},
			At:     []string{client},
			Watch:  steps.Watch{Netns: client, Get: "http://" + server, Rules: client, Flows: client},
			Vars:   s.vars(),
		}
	},
}
