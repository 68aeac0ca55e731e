package machine

import "nstutor/diag/obstacle"

// side is a device of the namespace, and one of the two ways through it.
type side struct{ dev, side string }

// Obstacles are those of obstacle.On, as they were when they were first asked for.
func (n *Space) Obstacles(dev, way string) []obstacle.Obstacle {
	key := side{dev, way}
	if found, ok := n.obstacles[key]; ok {
		return found
	}
	if n.obstacles == nil {
		n.obstacles = map[side][]obstacle.Obstacle{}
	}
	link, err := n.Link(dev)
	if err != nil {
		return nil
	}
	n.obstacles[key] = obstacle.On(n.NS, n.one, link, way)
	return n.obstacles[key]
}
