package exercise

import (
	"errors"
	"strings"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
	"nstutor/steps"
	"nstutor/steps/exercise/check"
	"nstutor/steps/exercise/world"
)

var (
	shop   = world.Pod{Name: "shop", Addr: "10.7.1.10/24"}
	orders = world.Pod{Name: "orders", Addr: "10.7.1.11/24"}
)

// sample is a pod without a default route, on a node that does not forward.
var sample = Exercise{
	Name: "sample", Level: 4, Group: "routes",
	Make: func(r *Seed) Case {
		return Case{
			Build:  func(w *world.World) { w.Forward(world.Host); w.GatewayPod(shop, orders) },
			Break:  func(w *world.World) { w.DelRoute("shop", "default"); w.Sysctl(world.Host, "net.ipv4.ip_forward", "0") },
			Goals:  []check.Check{check.Reaches("shop", orders.IP())},
			Guards: []check.Check{check.Reaches("orders", world.NodeIP)},
			Fix: []change.Change{
				In("shop", "ip route add default via 169.254.1.1 dev eth0 onlink"),
				In(world.Host, "sysctl -w net.ipv4.ip_forward=1"),
			},
			First:  1,
			Causes: []cause.Code{cause.NoRoute, cause.ForwardingOff},
			At:     []string{"shop", world.Host},
			Watch:  steps.Watch{Netns: "shop", Ping: orders.IP()},
		}
	},
}

func TestACourseHasALevelAChapter(t *testing.T) {
	easy := sample
	easy.Name, easy.Level = "easy", 1
	course := Course([]Exercise{sample, easy}, 1)
	if len(course) != 2 || course[0].ID != chapterID(1) || course[1].ID != chapterID(4) || course[0].Steps[0].ID != "easy" {
		t.Fatalf("%+v", course)
	}
	step, _ := course.Step("sample")
	if task, ok := Of(step); !ok || task.Exercise.Name != "sample" || !step.ByHand || step.Watched().Ping != orders.IP() {
		t.Errorf("%+v", step)
	}
}

// TestHintsSeeTheState: they are about the fault that is in the way now.
func TestHintsSeeTheState(t *testing.T) {
	l := labtest.New(t)
	w := world.New(t.Context(), l)
	course := Course([]Exercise{sample}, 1)
	player := steps.NewPlayer(l, course)
	if err := player.Goto(t.Context(), "sample"); err != nil {
		t.Fatal(err)
	}
	if err := player.Apply(t.Context()); !errors.Is(err, errByHand) {
		t.Errorf("apply: %v", err)
	}
	task, _ := Of(player.Step())
	want := func(words ...string) {
		t.Helper()
		hints := task.Guide(t.Context(), l).Hints
		if len(hints) != len(words) {
			t.Fatalf("%d hints: %v, want %d", len(hints), hints, len(words))
		}
		for i, word := range words {
			if !strings.Contains(hints[i].String(), word) || hints[i].In("zh") == "" {
				t.Errorf("hint %d is %q, want %q in it", i+1, hints[i], word)
			}
		}
	}
	want("ip route", "route", "ip route add default")
	if strings.Contains(task.Guide(t.Context(), l).Hints[2].String(), "ip_forward") {
		t.Error("the third hint gives the second fault away")
	}
	w.Route("shop", "default via 169.254.1.1 dev eth0 onlink")
	want("forward", "forward", "sysctl -w net.ipv4.ip_forward=1")
	w.Forward(world.Host)
	want()
	if done, err := player.Done(t.Context()); !done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	w.Down("orders", "lo")
	w.Addr("orders", "lo", world.NodeIP) // now the learner has broken a guard
	w.Up("orders", "lo")
	w.Sysctl(world.Host, "net.ipv4.icmp_echo_ignore_all", "1")
	w.DelAddr("orders", "lo", world.NodeIP)
	want("orders reaches", "icmp_echo_ignore_all", "icmp_echo_ignore_all=0")
	if rebuilt, err := player.Undo(t.Context()); !rebuilt || err != nil {
		t.Errorf("undo: %v, %v", rebuilt, err)
	}
	want("ip route", "route", "ip route add default")
}

// TestTheLastHintIsWhatIsStillMissing: what was done is not told again.
func TestTheLastHintIsWhatIsStillMissing(t *testing.T) {
	l := labtest.New(t)
	w := world.New(t.Context(), l)
	w.Empty("shop", "orders")
	task := &Task{Exercise: Exercise{Level: Challenge}, made: func() Case {
		return Case{
			Goals: []check.Check{check.HasAddr("shop", shop.IP()), check.HasAddr("orders", orders.IP())},
			Fix: []change.Change{
				In(world.Host, "ip link add veth-shop type veth peer name eth0 netns shop"), In("shop", "ip addr add 10.7.1.10/24 dev eth0"),
				In(world.Host, "ip link add veth-orders type veth peer name eth0 netns orders"), In("orders", "ip addr add 10.7.1.11/24 dev eth0"),
			},
			Signs: []check.Check{check.HasLink("shop", check.Link{Name: "eth0"}), check.HasAddr("shop", "10.7.1.10"), check.HasLink("orders", check.Link{Name: "eth0"}), check.HasAddr("orders", "10.7.1.11")},
		}
	}}
	for _, want := range []string{"10.7.1.10", "10.7.1.11"} {
		hints := task.Guide(t.Context(), l).Hints
		if len(hints) != 3 || !strings.Contains(hints[1].String(), want) || !strings.Contains(hints[2].String(), want) ||
			want == "10.7.1.11" && strings.Contains(hints[2].String(), "shop") {
			t.Fatalf("%v, want %s", hints, want)
		}
		w.Cable(world.Host, "veth-shop", "shop", "eth0")
		w.Addr("shop", "eth0", "10.7.1.10/24")
	}
}
