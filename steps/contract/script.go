package contract

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/cni"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// Plugin is the name of the learner's plugin, and of the network.
const Plugin = "first"

// Examples is the folder of what the plugin may look like, by what it answers.
const Examples = "/run/cni/examples"

// The examples, each with what the one before it has.
const (
	Tells  = "tell" // it writes down what it was told, and does nothing
	Adds   = "add"
	Checks = "check"
	Dels   = "del"
)

// Record is the file in which the plugin that does nothing writes what it was told.
const Record = "/run/cni/told"

const taken = "/run/cni/ipam/" + Plugin

// scripts are the examples. They use no program that a machine without ip has not, and
// print nothing but JSON.
var scripts = func() map[string]string {
	const head = `#!/bin/sh
# A CNI plugin. What is wanted stands in variables, the configuration comes on stdin.
conf=$(cat) id=$CNI_CONTAINERID pod=${CNI_NETNS##*/} veth=veth-$CNI_CONTAINERID taken=` + taken + `
in_pod() { ip netns exec "$pod" "$@"; }
fail() { echo "{\"cniVersion\": \"1.0.0\", \"code\": 100, \"msg\": \"$1\"}"; exit 1; }
mine() { for f in $taken/*; do if [ -e "$f" ] && [ "$(cat "$f")" = "$id" ]; then echo "${f##*/}"; fi; done; }
mkdir -p $taken
case $CNI_COMMAND in
`
	const add = `ADD)
  n=2; while [ -e $taken/10.244.5.$n ]; do n=$((n + 1)); done
  addr=10.244.5.$n; echo "$id" > $taken/$addr
  {
    ip link add c-$id type veth peer name $veth &&
    ip link set c-$id address 02:00:0a:f4:05:0$n && ip link set $veth address 02:00:0a:f4:50:0$n &&
    ip link set c-$id netns $pod name $CNI_IFNAME && ip link set $veth up &&
    in_pod ip addr add $addr/32 dev $CNI_IFNAME && in_pod ip link set $CNI_IFNAME up &&
    in_pod ip route add default via 169.254.1.1 dev $CNI_IFNAME onlink &&
    sysctl -w net.ipv4.conf.$veth.proxy_arp=1 && ip route add $addr dev $veth
  } >&2 || fail "$pod could not be attached"
  echo "{\"cniVersion\": \"1.0.0\", \"interfaces\": [{\"name\": \"$CNI_IFNAME\", \"sandbox\": \"$CNI_NETNS\"}],"
  echo " \"ips\": [{\"address\": \"$addr/32\", \"gateway\": \"169.254.1.1\", \"interface\": 0}]}"
  ;;
`
	const check = `CHECK)
  addr=$(mine); [ -n "$addr" ] || fail "$pod has no address"
  in_pod test -e /sys/class/net/$CNI_IFNAME || fail "$pod has no $CNI_IFNAME"
  case "$(ip route)" in *"$addr dev $veth"*) ;; *) fail "the node has no route to $addr" ;; esac
  ;;
`
	const del = `DEL)
  ip link del $veth 2>/dev/null
  addr=$(mine); [ -z "$addr" ] || rm $taken/$addr
  ;;
`
	const tell = "#!/bin/sh\n# A plugin that does nothing but write down what it was told.\n" +
		"{ echo CNI_COMMAND=$CNI_COMMAND CNI_CONTAINERID=$CNI_CONTAINERID CNI_NETNS=$CNI_NETNS CNI_IFNAME=$CNI_IFNAME; echo; cat; } >> " + Record + "\n" +
		"[ $CNI_COMMAND != ADD ] || echo '{\"cniVersion\": \"1.0.0\"}'\n"
	return map[string]string{
		Tells: tell, Adds: head + add + "esac\n", Checks: head + add + check + "esac\n", Dels: head + add + check + del + "esac\nexit 0\n",
	}
}()

// Prepare has the files of the chapter made: the examples, the plugin that does nothing,
// and a configuration for each network.
type Prepare struct{}

// configurations are those of the lab's networks. The first is the runtime's own choice.
// What the machine's plugins keep, they keep in the lab.
var configurations = map[string]string{
	"10-" + Plugin + ".conflist": `{"cniVersion": "1.0.0", "name": "` + Plugin + `", "plugins": [{"type": "` + Plugin + `"}]}`,
	"20-bridge.conflist":         network("bridge", `"bridge": "cni0", "isGateway": true, `, "10.244.6.0/24"),
	"30-ptp.conflist":            network("ptp", "", "10.244.7.0/24"),
}

func network(plugin, more, subnet string) string {
	return `{"cniVersion": "1.0.0", "name": "` + plugin + `", "plugins": [{"type": "` + plugin + `", ` + more +
		`"ipam": {"type": "host-local", "dataDir": "/run/cni/ipam", "subnet": "` + subnet + `", "routes": [{"dst": "0.0.0.0/0"}]}}]}`
}

// Change implements steps.Action.
func (a Prepare) Change(*lab.Lab) change.Change {
	return steps.Doing{Typed: change.Command{Netns: lab.Host, Shell: "ls " + Examples}, Do: func(context.Context) error {
		for _, dir := range []string{"/run/cni", cni.ConfDir} {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
		for name, text := range configurations {
			if err := write(filepath.Join(cni.ConfDir, name), text+"\n", 0o644); err != nil {
				return err
			}
		}
		for name, text := range scripts {
			if err := write(filepath.Join(Examples, name), text, 0o755); err != nil {
				return err
			}
		}
		return install(Tells)
	}}
}

// Conditions implements steps.Action. They never hold: nobody asks.
func (a Prepare) Conditions(_ context.Context, l *lab.Lab) []steps.Condition {
	return steps.Effect(l, a, false)
}

// install makes an example the plugin.
func install(example string) error { return write(plugin(), scripts[example], 0o755) }

func plugin() string { return filepath.Join(cni.BinDir, Plugin) }

// answers says whether the plugin mentions a command at all.
func answers(command string) bool {
	text, err := os.ReadFile(plugin())
	return err == nil && strings.Contains(string(text), command+")")
}

func write(path, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}
