package exercises

import (
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/steps"
	. "nstutor/steps/exercise" // an exercise reads like a list of commands
	. "nstutor/steps/exercise/check"
	. "nstutor/steps/exercise/world"
)

var _ = add(secondUplink)

// secondUplink: who asks the node at its second provider's address is answered by the
// first one, which takes no sender but its own customers.
var secondUplink = Exercise{
	Name: "second-uplink", Level: 3, Group: "return",
	Source: []string{"https://github.com/k8snetworkplumbingwg/multus-cni/issues/707", "https://github.com/gravitl/netclient/issues/245"},
	Make: func(r *Seed) Case {
		lan, between := r.Subnet(), r.Subnet()
		isp, own, gateway := r.Name("fibre", "radio", "cable"), lan.IP(2), lan.IP(1)
		callers := []string{r.Name("office", "branch", "depot"), r.Name("partner", "agency", "lab")}
		nets := []Subnet{r.Subnet(), r.Subnet()}
		number := strconv.Itoa(Pick(r, 100, 200, 210))
		way := "default via " + gateway + " dev eth1 table " + number
		rule := "from " + own + " table " + number
		// The rule went, or the route, or the rule came back behind the table main.
		broken := Pick(r, "rule", "route", "late")
		fix := In(Host, "ip rule add "+rule)
		if broken == "route" {
			fix = In(Host, "ip route add "+way)
		}
		return Case{
			Build: func(w *World) {
				w.Forward(Inet)
				w.Netns(isp)
				w.Forward(isp)
				w.Cable(Host, "eth1", isp, "eth0")
				w.Addr(Host, "eth1", own+"/24")
				w.Addr(isp, "eth0", gateway+"/24")
				w.Cable(Inet, "peer0", isp, "eth1")
				w.Addr(Inet, "peer0", between.CIDR(1))
				w.Addr(isp, "eth1", between.CIDR(2))
				w.Route(isp, "192.168.6.0/24 via "+between.IP(1)+" dev eth1")
				for i, name := range callers {
					port := "eth" + strconv.Itoa(i+2)
					w.Netns(name)
					w.Cable(isp, port, name, "eth0")
					w.Addr(isp, port, nets[i].CIDR(1))
					w.Addr(name, "eth0", nets[i].CIDR(10))
					w.Route(name, "default via "+nets[i].IP(1)+" dev eth0")
					w.Route(Inet, nets[i].String()+" via "+between.IP(2)+" dev peer0")
				}
				w.Sysctl(Inet, "net.ipv4.conf.up0.rp_filter", "1")
				w.Route(Host, way)
				w.Rule(Host, rule)
			},
			Break: func(w *World) {
				switch broken {
				case "route":
					w.DelRoute(Host, way)
				case "late":
					w.DelRule(Host, rule)
					w.Rule(Host, rule+" priority 40000")
				default:
					w.DelRule(Host, rule)
				}
			},
			Goals: []Check{Reaches(callers[0], own), Reaches(callers[1], own)},
			Guards: []Check{
				Reaches(callers[0], NodeIP), Reaches(isp, own),
				SeenAs(Host, callers[0], nets[0].IP(10), NodeIP).Because("what the node itself begins goes by the first provider", "节点自己发起的流量走第一家运营商"),
				Setting(Inet, "net.ipv4.conf.up0.rp_filter", "1").Because("the provider's router is not yours", "运营商的路由器不归你管"),
			},
			Fix: []change.Change{fix},
			Also: [][]change.Change{
				{In(Host, "ip route replace default via "+gateway+" dev eth1 table 77"), In(Host, "ip rule add from "+own+" lookup 77 priority 50")},
			},
			Wrong: []Tempting{
				tempted("One caller has his way back now, and the next one has not.", "这一个来访者有了回程，下一个还是没有。",
					In(Host, "ip route add "+nets[0].IP(10)+" via "+gateway+" dev eth1")),
				tempted("The default route with the lower metric wins, and this one has the higher.", "两条默认路由，metric 小的生效，这条偏偏大。",
					In(Host, "ip route add default via "+gateway+" dev eth1 metric 100")),
				tempted("Now everything goes by the second provider, also what the node itself begins.", "这下什么都走第二家运营商，节点自己发起的也走了。",
					In(Host, "ip route replace default via "+gateway+" dev eth1")),
			},
			Causes: []cause.Code{cause.NoReturnRoute},
			At:     []string{Host},
			Watch:  steps.Watch{Netns: callers[0], Ping: own},
			Vars: map[string]string{
				"Isp": isp, "Own": own, "Gateway": gateway, "Caller": callers[0], "Another": callers[1], "NodeIP": NodeIP, "Table": number,
				"Broken": broken, "CallerIP": nets[0].IP(10),
			},
		}
	},
}
