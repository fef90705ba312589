package client

import (
	"context"
	"net/http"

	v1 "mozpool/httpapi/v1"
)

// Cluster is the cluster as the server knows it; its ID is empty for a server by itself.
func (c *Client) Cluster(ctx context.Context) (v1.Cluster, error) {
	var a v1.Cluster
	err := c.get(ctx, "cluster", &a)
	return a, err
}

// Join has the server look for others at a host:port of their gossip.
func (c *Client) Join(ctx context.Context, gossip string) (a v1.Cluster, err error) {
	return a, c.do(ctx, call{method: http.MethodPost, path: []string{"cluster", "join"}, body: v1.JoinOrder{Gossip: gossip}}, &a)
}

// Transfer hands the lead of the log to a server.
func (c *Client) Transfer(ctx context.Context, server string) (v1.Cluster, error) {
	return c.clusterOrder(ctx, "transfer", server)
}

// Remove takes a server out of the cluster for good.
func (c *Client) Remove(ctx context.Context, server string) (v1.Cluster, error) {
	return c.clusterOrder(ctx, "remove", server)
}

// Drain has a server hand its racks to others, and hold none until Undrain.
func (c *Client) Drain(ctx context.Context, server string) (v1.Cluster, error) {
	return c.clusterOrder(ctx, "drain", server)
}

// Undrain lets a server hold racks again.
func (c *Client) Undrain(ctx context.Context, server string) (v1.Cluster, error) {
	return c.clusterOrder(ctx, "undrain", server)
}

func (c *Client) clusterOrder(ctx context.Context, verb, server string) (a v1.Cluster, err error) {
	return a, c.do(ctx, call{method: http.MethodPost, path: []string{"cluster", verb}, body: v1.ServerOrder{Server: server}}, &a)
}
