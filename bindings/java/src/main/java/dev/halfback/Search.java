package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to search for, with values bound to the filter's parameters, and in which order.
 *
 * <p>A filter compares attributes ({@code name}, {@code owner}, {@code task}, {@code tags.key},
 * {@code alias}, {@code feature}, {@code created_at}, and for versions also {@code stage}, {@code
 * flavor}, {@code number}, {@code params.key} and more) by {@code = != < <= > >= LIKE ILIKE IN IS
 * NULL}, joins comparisons by {@code AND OR NOT} and parentheses, and finds words by {@code MATCH
 * 'words pre*'}. Of several aliases or features (the input names of signatures) one has to pass.
 *
 * <pre>{@code
 * Search mine = Search.where("tags.team = :team AND alias = 'champion'")
 *     .with("team", "risk").orderBy("updated_at DESC");
 * registry.searchModels(mine).map(Model::name).forEach(System.out::println);
 * }</pre>
 */
public final class Search {
  private final String filter;
  private final Map<String, Object> parameters;
  private final List<String> order;

  private Search(String filter, Map<String, Object> parameters, List<String> order) {
    this.filter = filter;
    this.parameters = parameters;
    this.order = order;
  }

  /**
   * Finds everything.
   *
   * @return the search
   */
  public static Search all() {
    return new Search(null, Map.of(), List.of());
  }

  /**
   * Finds what a filter lets pass.
   *
   * @param filter such as {@code tags.team = 'risk' AND MATCH 'credit'}
   * @return the search
   */
  public static Search where(String filter) {
    return new Search(Arguments.given(filter, "filter"), Map.of(), List.of());
  }

  /**
   * The same with a value for a parameter of the filter.
   *
   * @param name the parameter's name, without the colon
   * @param value text, a number, a boolean, or for {@code IN} a list of them
   * @return the search
   */
  public Search with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(parameters);
    more.put(Arguments.given(name, "name"), Arguments.given(value, "value"));
    return new Search(filter, more, order);
  }

  /**
   * The same with values for parameters of the filter.
   *
   * @param values text, numbers, booleans, or for {@code IN} lists of them, by name
   * @return the search
   */
  public Search withAll(Map<String, ?> values) {
    Search search = this;
    for (Map.Entry<String, ?> each : Arguments.given(values, "values").entrySet()) {
      search = search.with(each.getKey(), each.getValue());
    }
    return search;
  }

  /**
   * The same in an order.
   *
   * @param attributes each with {@code ASC} or {@code DESC} where wanted
   * @return the search
   */
  public Search orderBy(String... attributes) {
    for (String attribute : Arguments.given(attributes, "attributes")) {
      Arguments.given(attribute, "attributes");
    }
    return new Search(filter, parameters, List.copyOf(Arrays.asList(attributes)));
  }

  /** The query of that name that asks for this. */
  ObjectNode query(String name) {
    ObjectNode query = Json.object().put("query", name);
    if (filter != null) {
      query.put("filter", filter);
    }
    if (!parameters.isEmpty()) {
      query.set("parameters", Json.tree(parameters));
    }
    if (!order.isEmpty()) {
      query.set("order_by", Json.tree(order));
    }
    return query;
  }
}
