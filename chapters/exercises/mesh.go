package exercises

import (
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/service"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
)

var _ = add(deadSidecar)

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
