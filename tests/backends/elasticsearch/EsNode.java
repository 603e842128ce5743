import java.nio.file.*;
import java.util.*;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** One Elasticsearch node on loopback: HTTP_PORT TRANSPORT_PORT DATA_DIR MODULES_DIR [NAME=VALUE…]. Runs until SIGTERM. */
public class EsNode {
    public static void main(String[] a) throws Exception {
        Path data = Paths.get(a[2]).toAbsolutePath();
        Files.createDirectories(data.resolve("config"));
        LogConfigurator.registerErrorListener();
        LogConfigurator.configureESLogging();
        Settings.Builder b = Settings.builder();
        for (int i = 4; i < a.length; i++) { String[] p = a[i].split("=", 2); b.put(p[0], p[1]); }
        Settings s = b
            .put("path.home", data.toString())
            .put("cluster.name", "backend").put("node.name", "n1")
            .put("network.host", "127.0.0.1").put("http.port", a[0]).put("transport.port", a[1])
            .put("discovery.type", "single-node")
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        LogConfigurator.configureWithoutConfig(s);
        org.elasticsearch.nativeaccess.NativeAccess.instance();
        PluginsLoader modules = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(Paths.get(a[3])), Set.of(), Map.of());
        Node node = new Node(new Environment(s, data.resolve("config")), modules);
        node.start();
        CountDownLatch stop = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { node.close(); } catch (Exception e) { e.printStackTrace(); }
            stop.countDown();
        }));
        System.out.println("ready http://127.0.0.1:" + a[0]);
        stop.await();
    }
}
