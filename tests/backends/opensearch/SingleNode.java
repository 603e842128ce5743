import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node on loopback: HTTP_PORT TRANSPORT_PORT DATA_DIR [NAME=VALUE…]. Runs until SIGTERM. */
public class SingleNode {
    public static void main(String[] a) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        CountDownLatch stop = new CountDownLatch(1);
        runner.onBuild((n, s) -> {
            s.put("network.host", "127.0.0.1");
            s.put("http.port", a[0]);
            s.put("transport.port", a[1]);
            s.put("discovery.type", "single-node");
            s.put("cluster.routing.allocation.disk.threshold_enabled", false);
            s.put("action.auto_create_index", true);
            for (int i = 3; i < a.length; i++) { String[] p = a[i].split("=", 2); s.put(p[0], p[1]); }
        }).build(OpenSearchRunner.newConfigs().basePath(a[2]).numOfNode(1).clusterName("backend"));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { runner.close(); } catch (Exception e) { e.printStackTrace(); }
            stop.countDown();
        }));
        System.out.println("ready http://127.0.0.1:" + a[0]);
        stop.await();
    }
}
