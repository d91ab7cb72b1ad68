package dev.halfback.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import dev.halfback.Content;
import dev.halfback.Expect;
import dev.halfback.NewVersion;
import dev.halfback.Options;
import dev.halfback.Page;
import dev.halfback.PageRequest;
import dev.halfback.Registry;
import dev.halfback.Search;
import dev.halfback.Securable;
import dev.halfback.Writes;
import dev.halfback.commands.Command;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Calls the facade by the names of a scenario: {@code set_alias} with its arguments becomes {@code
 * setAlias} with parameters of those names or, with options, with the command record. A method that
 * is missing or named differently fails.
 */
final class Calls {
  private final Registry registry;
  private final Object target;

  /** Commands go to the registry, or to what stands for it; reads to a registry or a view. */
  Calls(Registry registry, Object target) {
    this.registry = registry;
    this.target = target;
  }

  static Registry open(Map<String, Object> arguments) {
    Options options = Options.defaults();
    if (arguments.get("create") instanceof Boolean create) {
      options = options.withCreate(create);
    }
    if (arguments.get("read_only") instanceof Boolean readOnly) {
      options = options.withReadOnly(readOnly);
    }
    if (arguments.get("token") instanceof String token) {
      options = options.withToken(token);
    }
    return Registry.open((Path) convert(arguments.get("path"), Path.class), options);
  }

  Object call(String name, Map<String, Object> given) throws Exception {
    Map<String, Object> arguments = new LinkedHashMap<>(given);
    Object receiver = target;
    if (arguments.containsKey("idempotency_key")) {
      String key = (String) arguments.remove("idempotency_key");
      receiver = registry.withIdempotencyKey(key);
    }
    if (name.equals("transact")) {
      return ((Writes) receiver).transact(commands((List<?>) arguments.get("commands")));
    }
    if (name.equals("evaluate")) {
      return Measuring.evaluate(registry, arguments);
    }
    if (name.equals("compare")) {
      return Measuring.compare(registry, arguments);
    }
    if (arguments.containsKey("content")) {
      arguments.put("content", content(arguments));
    }
    if (name.equals("register_version") && arguments.containsKey("content")) {
      return ((Writes) receiver).registerVersion(newVersion(arguments));
    }
    String method = camelCase(name);
    if (name.equals("compare_signatures")) {
      // `new` is a word that Java keeps for itself.
      arguments.put("replacement", arguments.remove("new"));
    }
    if (name.startsWith("search_")) {
      search(arguments);
    }
    Access.prepare(name, arguments);
    if (has(receiver, method + "Page")) {
      return page(receiver, method, arguments);
    }
    Method found = find(receiver, method, arguments);
    if (found != null) {
      Object result = invoke(found, receiver, arguments);
      // A list without pages is one page.
      return result instanceof Stream<?> list ? new Page<>(list.toList(), null) : result;
    }
    Access.rename(name, arguments);
    Command command = command(Access.command(name), arguments);
    String carriedOutBy = camelCase(Access.command(name));
    Method taking = receiver.getClass().getMethod(carriedOutBy, command.getClass());
    return invoke(taking, receiver, Map.of("command", command));
  }

  /** Puts a search in the place of what it is made of. */
  private static void search(Map<String, Object> arguments) {
    Object filter = arguments.remove("filter");
    Search search = filter == null ? Search.all() : Search.where((String) filter);
    if (arguments.remove("parameters") instanceof Map<?, ?> parameters) {
      for (Map.Entry<?, ?> each : parameters.entrySet()) {
        search = search.with((String) each.getKey(), each.getValue());
      }
    }
    if (arguments.remove("order_by") instanceof List<?> order) {
      search = search.orderBy(order.toArray(String[]::new));
    }
    arguments.put("search", search);
  }

  /** A page; one that is the whole list has to be what the stream gives. */
  static Object page(Object receiver, String method, Map<String, Object> arguments)
      throws Exception {
    Map<String, Object> rest = new LinkedHashMap<>(arguments);
    Object size = rest.remove("page_size");
    Object cursor = rest.remove("cursor");
    PageRequest request = cursor == null ? PageRequest.first() : PageRequest.after((String) cursor);
    if (size != null) {
      request = request.withSize(((Number) size).intValue());
    }
    Map<String, Object> withPage = new LinkedHashMap<>(rest);
    withPage.put("page", request);
    Method paged = found(find(receiver, method + "Page", withPage), method + "Page", withPage);
    Page<?> page = (Page<?>) invoke(paged, receiver, withPage);
    Method streamed = found(find(receiver, method, rest), method, rest);
    if (cursor == null && page.cursor() == null) {
      assertEquals(page.items(), ((Stream<?>) invoke(streamed, receiver, rest)).toList());
    }
    return page;
  }

  private static Method found(Method method, String name, Map<String, Object> arguments) {
    assertNotNull(method, "there is no `" + name + "` with " + arguments.keySet());
    return method;
  }

  private static boolean has(Object receiver, String method) {
    return methods(receiver).anyMatch(each -> each.getName().equals(method));
  }

  private static Stream<Method> methods(Object receiver) {
    // The idempotent commands are known by their interface alone.
    Class<?> type = receiver instanceof Registry ? Registry.class : receiver.getClass();
    Stream<Method> own = Stream.of(type.getMethods());
    return Stream.concat(
        own, Stream.of(type.getInterfaces()).flatMap(each -> Stream.of(each.getMethods())));
  }

  /** The method with exactly these parameters. */
  private static Method find(Object receiver, String name, Map<String, Object> arguments) {
    Set<String> names =
        arguments.keySet().stream().map(Calls::camelCase).collect(Collectors.toSet());
    return methods(receiver)
        .filter(method -> method.getName().equals(name))
        .filter(method -> names.equals(parameters(method).keySet()))
        .filter(method -> fits(parameters(method), arguments))
        .findFirst()
        .orElse(null);
  }

  private static Map<String, Class<?>> parameters(Method method) {
    Map<String, Class<?>> parameters = new LinkedHashMap<>();
    for (Parameter parameter : method.getParameters()) {
      parameters.put(parameter.getName(), parameter.getType());
    }
    return parameters;
  }

  /** Tells the methods apart that take a thing by its name, by its record and by its number. */
  private static boolean fits(Map<String, Class<?>> parameters, Map<String, Object> arguments) {
    return arguments.entrySet().stream()
        .allMatch(each -> fits(parameters.get(camelCase(each.getKey())), each.getValue()));
  }

  private static boolean fits(Class<?> type, Object value) {
    if (type == null || value instanceof Record) {
      return type == null || type.isInstance(value);
    }
    if (value instanceof Number && type == String.class) {
      return false;
    }
    boolean named = type.isRecord() && !(value instanceof Map) || type == Securable.class;
    return !named && !(value instanceof String && type == long.class);
  }

  private static Object invoke(Method method, Object receiver, Map<String, Object> arguments)
      throws Exception {
    Map<String, Object> named = new LinkedHashMap<>();
    arguments.forEach((name, value) -> named.put(camelCase(name), value));
    List<Object> values = new ArrayList<>();
    parameters(method).forEach((name, type) -> values.add(convert(named.get(name), type)));
    // The class behind the interface is not public.
    method.setAccessible(true);
    return unwrapped(() -> method.invoke(receiver, values.toArray()));
  }

  private static List<Command> commands(List<?> commands) throws Exception {
    if (commands == null) {
      return null;
    }
    List<Command> records = new ArrayList<>();
    for (Object each : commands) {
      Map<String, Object> arguments = new LinkedHashMap<>();
      ((Map<?, ?>) each).forEach((key, value) -> arguments.put((String) key, value));
      records.add(command((String) arguments.remove("command"), arguments));
    }
    return records;
  }

  /** A command record: {@code of} with what it needs, then a {@code with} for every option. */
  private static Command command(String name, Map<String, Object> arguments) throws Exception {
    String simple = camelCase("_" + name);
    Class<?> type = Class.forName(Command.class.getPackageName() + "." + simple);
    Map<String, Object> rest = new LinkedHashMap<>();
    arguments.forEach((key, value) -> rest.put(camelCase(key), value));
    Method of =
        Arrays.stream(type.getMethods())
            .filter(method -> method.getName().equals("of"))
            .filter(method -> rest.keySet().containsAll(parameters(method).keySet()))
            .filter(method -> fits(parameters(method), rest))
            .findFirst()
            .orElseThrow(() -> new AssertionError(simple + " cannot be made of " + rest.keySet()));
    List<Object> values = new ArrayList<>();
    parameters(of).forEach((key, kind) -> values.add(convert(rest.remove(key), kind)));
    return (Command) with(unwrapped(() -> of.invoke(null, values.toArray())), rest);
  }

  private static NewVersion newVersion(Map<String, Object> arguments) throws Exception {
    Map<String, Object> rest = new LinkedHashMap<>();
    arguments.forEach((key, value) -> rest.put(camelCase(key), value));
    Content content = (Content) rest.remove("content");
    String model = (String) rest.remove("model");
    return (NewVersion) with(NewVersion.of(model, content), rest);
  }

  private static Object with(Object start, Map<String, Object> options) throws Exception {
    Object built = start;
    for (Map.Entry<String, Object> option : options.entrySet()) {
      String name = "with" + camelCase("_" + option.getKey());
      Object current = built;
      Method wither =
          Arrays.stream(current.getClass().getMethods())
              .filter(method -> method.getName().equals(name))
              .findFirst()
              .orElseThrow(() -> new AssertionError(current.getClass() + " has no " + name));
      Object value = convert(option.getValue(), wither.getParameterTypes()[0]);
      built = unwrapped(() -> wither.invoke(current, value));
    }
    return built;
  }

  /** A path, or bytes under a file name. */
  private static Object content(Map<String, Object> arguments) {
    Object name = arguments.remove("name");
    Object content = arguments.get("content");
    if (content instanceof Map<?, ?> bytes) {
      String file = name == null ? "model.bin" : (String) name;
      return Content.bytes(
          file,
          bytes.containsKey("hex")
              ? HexFormat.of().parseHex((String) bytes.get("hex"))
              : ((String) bytes.get("text")).getBytes(StandardCharsets.UTF_8));
    }
    return Content.path((Path) convert(content, Path.class));
  }

  private static Object convert(Object value, Class<?> type) {
    if (type == Expect.class) {
      return value == null ? Expect.unset() : Expect.value(value);
    }
    if (value == null || type.isInstance(value)) {
      return value;
    }
    if (type == Path.class) {
      return Path.of((String) value);
    }
    if (value instanceof Number number && (type == int.class || type == Integer.class)) {
      return number.intValue();
    }
    if (value instanceof Number number && (type == long.class || type == Long.class)) {
      return number.longValue();
    }
    if (value instanceof Number number && type == Duration.class) {
      return Duration.ofSeconds(number.longValue());
    }
    if (value instanceof Boolean && type == boolean.class) {
      return value;
    }
    if (type.isEnum() || type.isRecord() && value instanceof Map) {
      return new ObjectMapper()
          .findAndRegisterModules()
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .convertValue(value, type);
    }
    throw new AssertionError(value + " is no " + type + "; Java's compiler refuses that");
  }

  private static <T> T unwrapped(Reflective<T> call) throws Exception {
    try {
      return call.run();
    } catch (InvocationTargetException failed) {
      if (failed.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw (Error) failed.getCause();
    }
  }

  private interface Reflective<T> {
    T run() throws Exception;
  }

  private static String camelCase(String name) {
    StringBuilder camel = new StringBuilder();
    for (String word : name.split("_")) {
      camel.append(
          camel.isEmpty() && !name.startsWith("_")
              ? word
              : word.isEmpty()
                  ? ""
                  : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return camel.toString();
  }
}
