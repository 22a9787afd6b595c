import java.net.URI;
import org.flywaydb.core.Flyway;

/** `flyway migrate` by Flyway's own library: java -cp 'JARS/*' FlywayMigrate.java FOLDER, with DATABASE_URL. */
public class FlywayMigrate {
  public static void main(String[] arguments) {
    URI url = URI.create(System.getenv("DATABASE_URL"));
    String[] user = url.getUserInfo().split(":", 2);
    String jdbc = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
    try {
      var done =
          Flyway.configure()
              .dataSource(jdbc, user[0], user[1])
              .locations("filesystem:" + arguments[0])
              .load()
              .migrate();
      System.out.println("migrations executed: " + done.migrationsExecuted);
    } catch (Exception error) {
      System.out.println("error: " + error.getMessage().replaceAll("\\s*\\n\\s*", " "));
      System.exit(1);
    }
  }
}
